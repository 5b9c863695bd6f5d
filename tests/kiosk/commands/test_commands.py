"""Every command against a real HTTP server that follows docs/api.md."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.client.api import ApiClient
from kiosk.client.capture_id import captured_at, new_capture_id
from kiosk.client.moment import iso_text
from kiosk.client.sighting import Sighting
from kiosk.commands.enrollment import Duplicate, Enrollment, Leniency
from kiosk.commands.photo_folder import portraits
from kiosk.commands.sightings import news
from tests.kiosk.api_server import ApiServer, Fault
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures here show nobody: they say who is on them."""
    monkeypatch.setattr("kiosk.commands.enroll.PhotoGate", lambda: lambda picture: None)


def run(server: ApiServer, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--api", server.url, *arguments], input=stdin)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two people in folders, one as files, and everything else that lies about in such folders."""
    photos = {
        "Ada Lovelace/first.jpg": picture_of("ada"),
        "Ada Lovelace/second.png": picture_of("ada", kind="PNG"),
        "Ada Lovelace/.DS_Store": b"junk",
        "Åsa Öberg/portrait.jpg": picture_of("asa"),
        "bob_2.jpg": picture_of("bob"),
        "bob.jpg": picture_of("bob"),
        "notes.txt": b"nothing",
    }
    for name, data in photos.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_folder_of_people_is_enrolled(server: ApiServer, folder: Path) -> None:
    result = run(server, "enroll", str(folder), "--consent-recorded-by", "front desk")

    assert result.exit_code == 0, result.output
    assert "photos: 0 refused, 5 new, 0 already known" in result.output
    assert "people: 0 without a usable photo, 3 new, 0 already known" in result.output
    assert {person_id: person["name"] for person_id, person in server.people.items()} == {
        "ada-lovelace": "Ada Lovelace",
        "asa-oberg": "Åsa Öberg",
        "bob": "Bob",
    }
    assert set(server.photos["bob"]) == {"bob.jpg", "bob_2.jpg"}
    assert server.people["bob"]["consent"]["recorded_by"] == "front desk"


def test_a_list_puts_people_into_groups_and_takes_them_out_of_none(server: ApiServer, folder: Path) -> None:
    rows = ("bob_2.jpg,Bob,staff", "bob.jpg,Bob,Night staff", "Ada Lovelace/first.jpg,Ada Lovelace,")
    (folder / "list.csv").write_text("\n".join(["file,name,groups", *rows]))
    with ApiClient(server.url) as api:
        api.change_person("bob", {"name": "Bob", "groups": ["drivers"]})
    for _ in range(2):
        assert run(server, "enroll", str(folder / "list.csv")).exit_code == 0
        assert server.people["bob"]["groups"] == ["drivers", "night", "staff"]
        assert not server.people["ada-lovelace"].get("groups")
    (folder / "list.csv").write_text("file,name,groups\nbob.jpg,Bob,night_watch")
    assert "row 2: 'night_watch' is no group" in " ".join(
        run(server, "enroll", str(folder / "list.csv")).output.split()
    )


def test_a_consent_that_was_withdrawn_is_not_given_by_enrolling_again(
    server: ApiServer, folder: Path
) -> None:
    run(server, "enroll", str(folder), "--consent-recorded-by", "front desk", "--consent-text", "v2")
    assert server.people["bob"]["consent"]["text_version"] == "v2"
    server.people["bob"]["consent"]["withdrawn_at"] = "2026-11-23T09:00:00.000Z"
    before = dict(server.people["bob"]["consent"])
    run(server, "enroll", str(folder), "--consent-recorded-by", "front desk")
    assert server.people["bob"]["consent"] == before


def test_photos_of_one_person_in_several_folders_are_all_enrolled(server: ApiServer, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.jpg").write_bytes(picture_of("ada"))
    result = run(server, "enroll", str(tmp_path), "--name", "Ada")
    assert "photos: 0 refused, 2 new" in result.output
    assert sorted(server.photos["ada"]) == ["a-1.jpg", "b-1.jpg"]
    run(server, "enroll", str(tmp_path), "--name", "Ada")
    assert len(server.photos["ada"]) == 2


def test_enrolling_again_changes_nothing(server: ApiServer, folder: Path) -> None:
    run(server, "enroll", str(folder), "--consent-recorded-by", "front desk")
    people, photos = json.dumps(server.people), json.dumps(server.photos)
    result = run(server, "enroll", str(folder), "--consent-recorded-by", "somebody else")
    assert result.exit_code == 0
    assert "photos: 0 refused, 0 new, 5 already known" in result.output
    assert "people: 0 without a usable photo, 0 new, 3 already known" in result.output
    assert (json.dumps(server.people), json.dumps(server.photos)) == (people, photos)


def test_a_name_changed_since_is_kept_unless_a_name_is_given(server: ApiServer, folder: Path) -> None:
    run(server, "enroll", str(folder / "bob.jpg"))
    server.people["bob"]["name"] = "Robert"
    run(server, "enroll", str(folder / "bob.jpg"))
    assert server.people["bob"]["name"] == "Robert"
    run(server, "enroll", str(folder / "bob.jpg"), "--name", "bob")
    assert server.people["bob"]["name"] == "Bob"


def test_a_refused_photo_does_not_harm_its_neighbours(server: ApiServer, folder: Path) -> None:
    (folder / "Ada Lovelace" / "empty.jpg").write_bytes(b"")
    (folder / "Ada Lovelace" / "text.jpg").write_bytes(b"not a picture")
    (folder / "Ada Lovelace" / "wall.jpg").write_bytes(picture_of() + b"nobody")

    result = run(server, "enroll", str(folder), "--json")

    assert result.exit_code == 1
    reasons = {
        Path(line["file"]).name: line["reason"] for line in lines(result) if line["state"] == "refused"
    }
    assert reasons == {
        "empty.jpg": "the file is empty; choose a picture",
        "text.jpg": "the file is no picture; choose a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF",
        "wall.jpg": "no face",
    }
    assert sum(line["state"] == "indexed" for line in lines(result)) == 5


def test_a_dry_run_says_as_a_tree_what_it_would_do_and_does_nothing(server: ApiServer, folder: Path) -> None:
    (folder / "IMG_1.jpg").write_bytes(picture_of())

    result = run(server, "enroll", str(folder), "--dry-run")

    assert "would enroll 3 people, 5 photos" in result.output
    assert "└── Åsa Öberg  asa-oberg" in result.output
    assert "would be refused: nobody is called so" in result.output
    assert (result.exit_code, server.asked) == (0, [])
    states = [line["state"] for line in lines(run(server, "enroll", str(folder), "--dry-run", "--json"))]
    assert sorted(set(states)) == ["would_enroll", "would_ignore", "would_refuse"]


def test_the_summary_says_refused_first_and_who_has_no_usable_photo(server: ApiServer, folder: Path) -> None:
    (folder / "Eva Rossi").mkdir()
    (folder / "Eva Rossi" / "wall.jpg").write_bytes(picture_of() + b"nobody")
    result = run(server, "enroll", str(folder))
    assert result.output.startswith("refused: no face\n")
    assert result.output.endswith(
        "no usable photo of: Eva Rossi\n"
        "photos: 1 refused, 5 new, 0 already known\n"
        "people: 1 without a usable photo, 3 new, 0 already known\n"
    )


def test_a_photo_enrolled_after_it_last_changed_is_not_handed_in_again(
    server: ApiServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.kiosk.api_server.NOW", "2999-01-01T00:00:00.000Z")
    run(server, "enroll", str(folder))
    server.asked.clear()
    assert "0 new, 5 already known" in run(server, "enroll", str(folder)).output
    assert {method for method, _ in server.asked} == {"GET"}


def test_after_ctrl_c_it_says_what_is_done_and_goes_on_when_run_again(
    server: ApiServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ApiClient.enroll_photo
    photos = iter(range(9))

    def enroll_photo(*given: Any, **options: Any) -> Any:
        if next(photos) == 2:
            signal.pthread_kill(
                threading.main_thread().ident or 0, signal.SIGINT
            )  # Ctrl-C, while the third is on its way
            time.sleep(0.3)
        return asked(*given, **options)

    monkeypatch.setattr(ApiClient, "enroll_photo", enroll_photo)
    monkeypatch.setattr("kiosk.commands.enrollment._AT_ONCE", 1)
    stopped = run(server, "enroll", str(folder))
    assert stopped.exit_code == 130
    assert "photos: 0 refused, 3 new" in stopped.output
    assert "run it again, and it goes on from there" in stopped.output
    assert "2 new, 3 already known" in run(server, "enroll", str(folder)).output


def test_a_photo_that_looks_like_somebody_else_is_refused_by_both_names_unless_a_reason_is_given(
    server: ApiServer, folder: Path
) -> None:
    (folder / "Tom Baker").mkdir()
    (folder / "Tom Baker" / "1.jpg").write_bytes(picture_of() + b"looks like:bob")
    refused = run(server, "enroll", str(folder), "--json")
    (line,) = (line for line in lines(refused) if line["state"] == "refused")
    assert (line["name"], line["reason"]) == ("Tom Baker", "this looks like Bob")
    assert refused.exit_code == 1
    allowed = run(server, "enroll", str(folder), "--allow-duplicate", "twins")
    assert allowed.exit_code == 0
    assert "1 new, 5 already known" in allowed.output


def test_at_a_terminal_it_asks_why_somebody_looks_like_another(server: ApiServer, folder: Path) -> None:
    run(server, "enroll", str(folder))
    asked: list[Duplicate] = []

    def ask(duplicate: Duplicate) -> str | None:
        asked.append(duplicate)
        return "twins" if duplicate.name == "Tom Baker" else None

    for name in ("Tom Baker", "Kim Baker"):
        (folder / name).mkdir()
        (folder / name / "1.jpg").write_bytes(picture_of() + b"looks like:bob")
    with ApiClient(server.url) as api:
        enrollment = Enrollment(
            api, keep_names=True, consent_recorded_by=None, leniency=Leniency(ask_duplicate=ask)
        )
        records = list(enrollment.add_all(portraits([folder / "Tom Baker", folder / "Kim Baker"])))
    assert [record["state"] for record in records] == ["indexed", "refused"]
    assert [(each.name, each.other) for each in asked] == [("Tom Baker", "Bob"), ("Kim Baker", "Bob")]


def test_a_poor_photo_is_not_handed_in_and_with_accept_poor_the_api_decides(
    server: ApiServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.commands.enroll.PhotoGate", lambda: lambda picture: "the face is blurred")
    strict = run(server, "enroll", str(folder), "--json")
    assert {line["reason"] for line in lines(strict) if line["state"] == "refused"} == {"the face is blurred"}
    assert server.photos == {}
    assert "5 new" in run(server, "enroll", str(folder), "--accept-poor").output


@pytest.fixture
def trio(server: ApiServer, tmp_path: Path) -> Path:
    """Ada, Bob and Cy with two photos each, all alike; Dee has one."""
    names = ("Ada/a1.jpg", "Ada/a2.jpg", "Bob/b1.jpg", "Bob/b2.jpg", "Cy/c1.jpg", "Cy/c2.jpg", "Dee/d1.jpg")
    for name in names:
        (tmp_path / "trio" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "trio" / name).write_bytes(picture_of())
    run(server, "enroll", str(tmp_path / "trio"))
    for who in "abc":
        similar(server, f"{who}1", f"{who}2", 99.9)
    return tmp_path


def similar(server: ApiServer, one: str, other: str, pct: float) -> None:
    server.similarities[frozenset((f"face-{one}.jpg", f"face-{other}.jpg"))] = pct


def found(server: ApiServer) -> list[tuple[str, str | None, str | None]]:
    return [
        (line["finding"], line["photo_id"], line["other"] and line["other"]["photo_id"])
        for line in lines(run(server, "people", "check", "--json"))
    ]


def test_people_check_says_who_looks_the_same_and_what_to_do(server: ApiServer, trio: Path) -> None:
    similar(server, "a1", "b2", 99.6)
    similar(server, "a2", "b2", 99.7)
    page = trio / "check.html"
    result = run(server, "people", "check", "--report", str(page))
    assert result.exit_code == 1
    assert "  Ada and Bob, 99.7 %\n      ada  a2.jpg\n      bob  b2.jpg\n" in result.output
    assert "recognizeme people merge" in result.output
    assert result.output.index("look the same") < result.output.index("one photo only")
    assert "checked 4 people, 7 faces: 1 to put right, 1 to know" in result.output
    assert page.read_text().count("<figure>") == 2
    assert found(server) == [("too_close", "a2.jpg", "b2.jpg"), ("one_photo", None, None)]


def test_a_photo_under_the_wrong_name_is_told_from_two_people_who_look_the_same(
    server: ApiServer, trio: Path
) -> None:
    """Of Bob's two photos the second is Ada's: it is like hers, and unlike his other."""
    similar(server, "b1", "b2", 12.0)
    similar(server, "a1", "b2", 99.7)
    assert found(server) == [("misfiled", "b2.jpg", "a1.jpg"), ("one_photo", None, None)]


def test_photos_unlike_their_own_person_and_photos_that_add_nothing_are_found(
    server: ApiServer, trio: Path
) -> None:
    similar(server, "b1", "b2", 12.0)
    similar(server, "c1", "c2", 99.9999999)
    assert found(server) == [
        ("unlike", "b1.jpg", "b2.jpg"),
        ("unlike", "b2.jpg", "b1.jpg"),
        ("adds_nothing", "c2.jpg", "c1.jpg"),
        ("one_photo", None, None),
    ]


def test_two_records_of_one_human_are_not_too_close(server: ApiServer, trio: Path) -> None:
    similar(server, "a1", "b2", 99.6)
    server.people["bob"]["merged_into"] = "ada"
    assert found(server) == [("one_photo", None, None)]


def test_people_check_is_content_with_good_photos(server: ApiServer, trio: Path) -> None:
    del server.people["dee"]
    result = run(server, "people", "check")
    assert result.exit_code == 0, (result.output, result.exception)
    assert result.output == "checked 3 people, 6 faces: nothing to put right, 0 to know\n"


def test_people_check_says_on_aws_what_it_costs_and_asks(
    server: ApiServer, trio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiClient, "is_aws", True)
    declined = run(server, "people", "check", stdin="n\n")
    assert "This makes 7 searches at 0.001 USD each, about 0.01 USD. Go on?" in declined.output
    assert ("POST", "/people/ada/neighbours") not in server.asked
    assert run(server, "people", "check", "--yes").exit_code == 0


@pytest.mark.parametrize("kind", ["csv", "html"])
def test_a_report_has_a_row_for_each_file(server: ApiServer, folder: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out" / f"report.{kind}"
    path.parent.mkdir()
    (folder / "=Cmd<b>").mkdir()
    (folder / "=Cmd<b>" / "=1.jpg").write_bytes(b"")
    run(server, "enroll", str(folder), "--report", str(path))
    text = path.read_text("utf-8-sig")
    assert "Åsa Öberg" in text
    assert "notes.txt" in text
    assert "the file is empty" in text
    assert (",'=Cmd<b>," if kind == "csv" else "<td>=Cmd&lt;b&gt;") in text


def test_no_more_photos_a_second_than_allowed(server: ApiServer, api: ApiClient, folder: Path) -> None:
    time_s = [0.0]

    def sleep(wait_s: float) -> None:
        time_s[0] += wait_s

    enrollment = Enrollment(
        api, keep_names=True, consent_recorded_by=None, tps=2, clock=lambda: time_s[0], sleep=sleep
    )
    assert list(enrollment.add_all(portraits([folder])))
    assert enrollment.photos["indexed"] == 5
    assert time_s[0] == 2.0


def test_two_people_of_one_id_are_kept_apart_and_named(server: ApiServer, tmp_path: Path) -> None:
    for name in ("Jürgen Groß", "Jurgen Gross"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(picture_of())
        result = run(server, "enroll", str(tmp_path / name))
    assert "Jurgen Gross has the id jurgen-gross-2" in result.output
    assert {key: person["name"] for key, person in server.people.items()} == {
        "jurgen-gross": "Jürgen Groß",
        "jurgen-gross-2": "Jurgen Gross",
    }


def test_a_busy_api_is_asked_again(server: ApiServer, folder: Path) -> None:
    faults = iter([Fault(status=503, headers={"Retry-After": "0"}), Fault(status=429)])
    server.faults = lambda method, path: next(faults, None)
    assert run(server, "enroll", str(folder)).exit_code == 0


def test_an_empty_folder_is_an_error(server: ApiServer, tmp_path: Path) -> None:
    result = run(server, "enroll", str(tmp_path))
    assert result.exit_code == 1
    assert "there are no photos" in result.output


def test_people_are_listed_and_shown(server: ApiServer, folder: Path) -> None:
    assert "nobody is enrolled" in run(server, "people").output
    run(server, "enroll", str(folder))
    assert "Åsa Öberg" in run(server, "people").output
    assert lines(run(server, "people", "--json"))[0]["person_id"] == "ada-lovelace"
    assert "second.png" in run(server, "people", "ada-lovelace").output
    assert len(lines(run(server, "people", "ada-lovelace", "--json"))[0]["photos"]) == 2


def test_the_receipt_of_a_forgetting_is_kept_and_looked_at_again_later(
    server: ApiServer, folder: Path, tmp_path: Path
) -> None:
    run(server, "enroll", str(folder))
    receipt = tmp_path / "receipt.json"
    said = run(server, "forget", "bob", "--yes", "--receipt", str(receipt))
    assert "nothing, in any store" in said.output
    assert max(map(len, said.output.splitlines())) <= 80
    assert json.loads(receipt.read_bytes())["forgotten"] == ["bob"]
    assert receipt.stat().st_mode & 0o777 == 0o600
    again = run(server, "forget", "--verify", str(receipt))
    assert (again.exit_code, "nothing, in any store" in again.output) == (0, True)
    assert lines(run(server, "forget", "--verify", str(receipt), "--json"))[0]["verified"] is True
    server.people["bob"] = {"person_id": "bob", "name": "Bob", "faces": 0}
    found = run(server, "forget", "--verify", str(receipt))
    assert found.exit_code == 1
    assert "1 record" in found.output
    assert "enrolled again" in found.output


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": 1}', b'{"version": 9, "forgotten": ["x"]}'])
def test_what_is_no_receipt_is_said_so(server: ApiServer, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.json").write_bytes(content)
    result = run(server, "forget", "--verify", str(tmp_path / "other.json"))
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert run(server, "forget").exit_code == 2
    assert (
        "choose another"
        in run(server, "forget", "bob", "--yes", "--receipt", str(tmp_path / "other.json")).output
    )


def test_forgetting_asks_first(server: ApiServer, folder: Path) -> None:
    run(server, "enroll", str(folder))
    assert run(server, "forget", "bob", stdin="n\n").exit_code == 1
    assert "bob" in server.people
    assert (
        "1 record, 2 faces, 2 photos, 3 sightings (1 of others)"
        in run(server, "forget", "bob", "--yes").output
    )
    assert "bob" not in server.people
    assert run(server, "forget", "bob", "--yes").output == "Error: there is no such thing\n"


@pytest.mark.parametrize("name", ["ada", "ada.zip"])
def test_everything_about_a_person_is_exported(
    server: ApiServer, api: ApiClient, folder: Path, tmp_path: Path, name: str
) -> None:
    run(server, "enroll", str(folder / "bob.jpg"))
    capture_id = new_capture_id()
    api.hand_in(picture_of("bob"), kiosk_id="front", capture_id=capture_id)
    api.hand_in(picture_of("ada"), kiosk_id="front", capture_id=new_capture_id())

    result = run(server, "export", "bob", "--to", str(tmp_path / name), "--json")

    assert lines(result)[0] | {"to": ""} == {
        "person_id": "bob",
        "to": "",
        "photos": 1,
        "sightings": 1,
        "pictures": 1,
    }
    written = tmp_path / name
    if name.endswith(".zip"):
        zipfile.ZipFile(written).extractall(written := tmp_path / "unpacked")
    assert json.loads((written / "person.json").read_text())["photos"][0]["photo_id"] == "bob.jpg"
    assert (written / "sightings" / f"{capture_id}.jpg").read_bytes() == picture_of("bob")
    assert (written / "photos" / "bob.jpg").read_bytes() == picture_of("bob")
    again = run(server, "export", "bob", "--to", str(tmp_path / name))
    assert "exists already" in again.output


def test_sightings_are_listed_and_filtered(server: ApiServer, api: ApiClient) -> None:
    assert "no sightings" in run(server, "sightings").output
    for person_id in ("ada", "", "ada"):
        api.hand_in(picture_of(person_id), kiosk_id="front", capture_id=new_capture_id())
    assert "99.93" in run(server, "sightings").output
    assert len(lines(run(server, "sightings", "--json", "--limit", "2"))) == 2
    assert len(lines(run(server, "sightings", "--json", "--outcome", "unknown", "--since", "1d"))) in {0, 1}
    assert len(lines(run(server, "sightings", "--json", "--person", "ada"))) == 2


def test_a_sighting_is_shown_with_its_reason_and_whom_the_decision_considered(
    server: ApiServer, api: ApiClient
) -> None:
    capture_id = new_capture_id()
    api.hand_in(picture_of("ada"), kiosk_id="front", capture_id=capture_id)
    shown = run(server, "sightings", "show", capture_id)
    assert shown.exit_code == 0, shown.output
    assert "It came to this for a reason." in shown.output
    assert re.search(r"ada +99\.93", shown.output)
    assert re.search(r"ravi +80\.50", shown.output)
    assert "threshold 99, margin 1; compared with 1812 faces by model 7.0" in shown.output
    (record,) = lines(run(server, "sightings", "show", capture_id, "--json"))
    assert record["decision"]["candidates"][1]["person_id"] == "ravi"
    assert run(server, "sightings", "show", new_capture_id()).output == "Error: there is no such sighting\n"


def test_an_export_names_nobody_else_whom_a_decision_considered(
    server: ApiServer, api: ApiClient, folder: Path, tmp_path: Path
) -> None:
    run(server, "enroll", str(folder / "bob.jpg"))
    capture_id = new_capture_id()
    api.hand_in(picture_of("bob"), kiosk_id="front", capture_id=capture_id)
    run(server, "export", "bob", "--to", str(tmp_path / "bob"))
    text = (tmp_path / "bob" / "sightings" / f"{capture_id}.json").read_text()
    assert [each["person_id"] for each in json.loads(text)["decision"]["candidates"]] == ["bob"]
    assert "ravi" not in text
    assert json.loads(text)["explanation"] is None


@pytest.mark.parametrize("since", ["a while back", "11/12/2026", "5x", "2026-13-01", "99999999d"])
def test_a_time_that_is_none_is_a_usage_error(server: ApiServer, since: str) -> None:
    result = run(server, "sightings", "--since", since)
    assert result.exit_code == 2
    assert "is no time" in result.output


def test_following_writes_each_new_sighting_once(server: ApiServer, api: ApiClient) -> None:
    command = [sys.executable, "-m", "kiosk", "sightings", "--follow", "--json", "--since", "2026-11-01"]
    api.hand_in(picture_of("ada"), kiosk_id="front", capture_id=new_capture_id())
    with subprocess.Popen([*command, "--api", server.url], stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout
        first = json.loads(follower.stdout.readline())
        api.hand_in(picture_of(), kiosk_id="front", capture_id=new_capture_id())
        second = json.loads(follower.stdout.readline())
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) == 0
    assert (first["outcome"], second["outcome"]) == ("recognized", "unknown")


def test_following_reads_no_more_of_the_list_than_is_new() -> None:
    """Also with a thousand sightings in the time it looks back for late ones."""
    moment = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    listed: list[Sighting] = []
    read = 0

    def sighted(age_s: float, status: str = "done") -> Sighting:
        made_s = moment.timestamp() - age_s
        return Sighting(new_capture_id(unix_s=lambda: made_s), "front", "", status, "unknown")

    def find(*, since: str) -> Iterator[Sighting]:
        nonlocal read
        for each in sorted(listed, key=lambda sighting: sighting.capture_id, reverse=True):
            if iso_text(captured_at(each.capture_id)) >= since:
                read += 1
                yield each

    looks = 0

    def sleep(_: float) -> None:
        nonlocal moment, looks
        looks += 1
        moment += timedelta(seconds=1)
        if looks == 5:
            listed.append(fresh)
        if looks == 10:
            listed.append(late)
        if looks == 62:
            raise KeyboardInterrupt

    listed += [sighted(age_s / 2) for age_s in range(1000)]
    fresh, late = sighted(-5), sighted(300)
    followed = []
    with suppress(KeyboardInterrupt):
        for record in news(find, None, now=lambda: moment, sleep=sleep):
            followed.append(record["capture_id"])
    assert followed == [fresh.capture_id, late.capture_id]
    assert read < 1000 + 3 * 1000 + 60 * 25


def test_statistics_and_costs_add_up(server: ApiServer) -> None:
    assert "14" in run(server, "stats").output
    assert lines(run(server, "stats", "--json"))[-1]["outcomes"] == {"recognized": 12, "unknown": 2}
    total = lines(run(server, "cost", "--json"))[-1]
    assert (total["rekognition_calls"], total["cost_usd"], total["month_usd"]) == (14, 0.014, 0.426)
    assert "0.43 USD" in run(server, "cost").output


def test_what_failed_is_tried_again(server: ApiServer) -> None:
    told = run(server, "replay").output
    assert "3 pictures" in told
    assert "1 message" in told
    assert "m-1" in told
    assert lines(run(server, "replay", "--limit", "2", "--json")) == [{"replayed": 2, "skipped": ["m-1"]}]


def test_a_reindex_says_first_what_it_costs_and_is_not_begun_without_a_yes(server: ApiServer) -> None:
    told = CliRunner().invoke(main, ["--api", server.url, "reindex"], input="n\n")
    assert "2 photos: indexing them costs up to 0.00 USD" in told.output
    assert told.exit_code == 1
    assert set(server.steps) == {"count"}


def test_a_reindex_tells_by_name_who_would_be_recognized_differently(server: ApiServer) -> None:
    told = run(server, "reindex", "--yes").output
    assert "employees-2 is built, 1 photo refused" in told
    assert "Bob, b.jpg: the photo shows no face" in told
    assert "Ada: 2 Ada before, 1 Ada, 1 unknown now" in told
    assert "nothing has changed yet" in told
    assert server.steps == ["count", "build", "build", "compare", "compare"]


def test_a_switch_uses_the_new_collection_and_the_way_back_the_old_one(server: ApiServer) -> None:
    assert "employees-2 is in use" in run(server, "reindex", "--yes", "--switch").output
    assert server.steps[-3:] == ["switch", "settle", "settle"]
    assert "employees is in use" in run(server, "reindex", "--yes", "--back").output
    assert server.steps[-3:] == ["back", "settle", "settle"]


def test_a_switch_that_was_interrupted_is_settled_and_nothing_else_begun(server: ApiServer) -> None:
    server.is_settled = False
    (told,) = lines(run(server, "reindex", "--yes", "--switch", "--json"))
    assert told == {"event": "collection_in_use", "collection": "employees", "refused": []}
    assert server.steps == ["count", "settle", "settle"]


@pytest.mark.parametrize("line", ["stats", "cost", "people ada", "people", "forget ada", "sightings"])
def test_something_else_behind_the_address_is_one_sentence(server: ApiServer, line: str) -> None:
    server.faults = lambda method, path: Fault(status=200, body=b'{"hello": "world"}')
    result = run(server, *line.split())
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {server.url} answered")
    assert result.output.endswith("which no RecognizeMe API does; check --api\n")


def test_no_api_is_one_sentence_and_no_stack_trace() -> None:
    result = CliRunner().invoke(main, ["people", "--api", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    expected = "Error: no RecognizeMe API answers at http://127.0.0.1:9; start one with: make up\n"
    assert result.output == expected


def every_command(group: click.Group = main, *names: str) -> Iterator[tuple[str, ...]]:
    """The words of every command that is no group."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_command(command, *names, name)
        else:
            yield (*names, name)


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_command_helps_and_takes_json(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0, result.output
    assert "--json" in result.output


def test_commands_that_need_no_camera_do_not_import_opencv(server: ApiServer) -> None:
    program = (
        "import sys; from kiosk.cli import main;"
        "main(['people', '--api', sys.argv[1]], standalone_mode=False);"
        "sys.exit('cv2' in sys.modules or 'flask' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, server.url], check=False).returncode == 0


def test_without_the_page_installed_the_command_says_how_to_install_it() -> None:
    script = "import sys; sys.modules['flask'] = None; from kiosk.cli import main; main(['web'])"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: the page is not installed;")
    assert "recognizeme-kiosk[web]" in done.stderr


@pytest.mark.parametrize("arguments", [["people"], ["sightings"], ["forget", "ada", "--yes"]], ids=str)
def test_a_command_sends_its_token_over_plain_http_only_when_that_is_said(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("RECOGNIZEME_TOKEN", "a-long-random-word")
    monkeypatch.setenv("RECOGNIZEME_API", "http://192.0.2.1:9")
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "https, or say --insecure-http" in result.output


def test_a_name_that_runs_right_to_left_turns_no_table(api: ApiClient, server: ApiServer) -> None:
    api.put_person("ada", name="\u05d0\u05d3\u05d4 \u202eevil")
    assert "\u2068\u05d0\u05d3\u05d4 evil\u2069" in run(server, "people").stdout
    assert "\u202e" not in run(server, "forget", "ada", stdin="n\n").output
    assert json.loads(run(server, "people", "--json").stdout)["name"] == "\u05d0\u05d3\u05d4 \u202eevil"


def test_saying_so_lets_the_token_go(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []

    class Recorded(ApiClient):
        def __init__(self, url: str, *, token: str | None, insecure_http: bool) -> None:
            given.append(insecure_http)
            super().__init__("http://127.0.0.1:9", token=token)

    monkeypatch.setattr("kiosk.commands.options.ApiClient", Recorded)
    CliRunner().invoke(main, ["people"])
    CliRunner().invoke(main, ["people", "--insecure-http"])
    monkeypatch.setenv("RECOGNIZEME_INSECURE_HTTP", "1")
    CliRunner().invoke(main, ["people"])
    assert given == [False, True, True]


def test_actions_do_not_follow_answers_that_came_over_plain_http(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('time_zone = "UTC"\n')
    policy.chmod(0o600)
    acts = ["--policy", str(policy), "--on", "recognized=command:/bin/true"]
    result = CliRunner().invoke(main, ["--api", "http://192.0.2.1:9", "kiosk", "--source", "x.jpg", *acts])
    assert result.exit_code == 1
    assert "the answers that actions follow" in result.output
    assert "--insecure-http" in result.output


AUDIT_LINE = {
    "line_id": "01a2", "at": "2026-11-23T08:15:02.120Z", "principal": "token 1a2b3c4d", "status": 200,
    "on_behalf_of": "maria", "action": "PUT /people/{person_id}", "result": "done", "source": "203.0.113.7",
    "person_id": "ada", "person_hash": "0f" * 16, "about": {}, "detail": {"given": "name"},
}  # fmt: skip


def test_who_did_what_is_a_table_json_or_csv(server: ApiServer) -> None:
    forgotten = {**AUDIT_LINE, "person_id": None, "on_behalf_of": None, "result": "began", "status": None}
    server.audit = [AUDIT_LINE, forgotten]

    table = run(server, "audit").output
    csv = run(server, "audit", "--csv").output.splitlines()

    assert "token 1a2b3c4d for maria" in table
    assert "given=name" in table
    assert "#0f0f0f0f" in table
    assert lines(run(server, "audit", "--json")) == server.audit
    assert csv[0].startswith("line_id,at,principal,on_behalf_of,action,person_id")
    assert len(csv) == 3


def test_a_spreadsheet_takes_no_cell_of_the_audit_log_for_a_formula(server: ApiServer) -> None:
    server.audit = [{**AUDIT_LINE, "principal": "=HYPERLINK(1)"}]

    assert "'=HYPERLINK(1)" in run(server, "audit", "--csv").output


def test_the_audit_log_is_asked_with_the_filters_that_are_given(server: ApiServer) -> None:
    server.audit = [AUDIT_LINE]

    assert "ada" in run(server, "audit", "--person", "ada", "--principal", "token 1a2b3c4d").output
    assert "nothing was changed" in run(server, "audit", "--person", "bob").output
    assert "nothing was changed" in run(server, "audit", "--principal", "token x").output
