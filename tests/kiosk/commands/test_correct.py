"""`recognizeme correct` and `recognizeme corrections` against a server that follows docs/api.md."""

import pytest

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from tests.kiosk.api_server import ApiServer
from tests.kiosk.commands.test_commands import lines, run
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration


@pytest.fixture
def capture_id(api: ApiClient) -> str:
    """Ravi, who was taken for Tom."""
    for person_id, name in (("tom", "Tom Baker"), ("ravi", "Ravi Patel")):
        api.put_person(person_id, name=name)
    capture_id = new_capture_id()
    api.hand_in(picture_of("tom"), kiosk_id="front", capture_id=capture_id)
    return capture_id


def test_a_correction_offers_to_learn_and_learns_nothing_by_itself(
    server: ApiServer, capture_id: str
) -> None:
    result = run(server, "correct", capture_id, "Ravi Patel")
    assert result.output.splitlines() == [
        "corrected: it was Ravi Patel",
        "--learn would take the picture as a photo of Ravi Patel",
    ]
    assert server.sightings[capture_id]["person_id"] == "ravi"
    assert (server.photos, server.lessons) == ({}, {})


def test_a_correction_that_teaches_says_what_and_until_when(server: ApiServer, capture_id: str) -> None:
    result = run(server, "correct", capture_id, "ravi", "--learn", "--not", "tom")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert f"learned: the picture is a photo of Ravi Patel now, capture-{capture_id}.jpg" in said
    assert "remembered until 2026-12-23: the picture does not show Tom Baker" in said
    assert list(server.photos["ravi"]) == [f"capture-{capture_id}.jpg"]
    (record,) = lines(run(server, "correct", capture_id, "ravi", "--not", "tom", "--json"))
    assert (record["sighting"]["person_id"], record["can_learn"], record["photo"]) == ("ravi", True, None)
    assert record["lesson"]["not_person_ids"] == ["tom"]


def test_what_was_taught_is_listed_by_name_and_taken_back(server: ApiServer, capture_id: str) -> None:
    assert "nothing; recognizeme correct" in run(server, "corrections").output
    run(server, "correct", capture_id, "nobody", "--not", "Tom Baker")
    assert server.sightings[capture_id]["person_id"] is None
    listed = run(server, "corrections").output
    assert capture_id in listed
    assert "Tom Baker" in listed
    assert lines(run(server, "corrections", "--json"))[0]["not_person_ids"] == ["tom"]
    taken_back = run(server, "corrections", "take-back", capture_id)
    assert "whether it shows tom is open again" in taken_back.output
    assert server.lessons == {}
    assert run(server, "corrections", "take-back", capture_id).exit_code == 1


def test_a_picture_that_is_refused_as_a_photo_is_a_failure_that_says_why(
    server: ApiServer, api: ApiClient, capture_id: str
) -> None:
    server.pictures[capture_id] += b"nobody"
    result = run(server, "correct", capture_id, "ravi", "--learn")
    assert result.exit_code == 1
    assert "not learned: no face" in result.output


def test_a_picture_that_looks_like_whom_it_was_taken_for_says_how_to_learn_it(
    server: ApiServer, capture_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    like = {"person_id": "tom", "name": "Tom Baker", "similarity_pct": 99.4}
    photo = {"photo_id": "p", "state": "refused", "reason": "this looks like Tom Baker", "looks_like": like}
    monkeypatch.setattr(server, "_teach", lambda capture_id, request: {"photo": photo, "lesson": None})
    said = " ".join(run(server, "correct", capture_id, "ravi", "--learn").output.split())
    assert "not learned: this looks like Tom Baker (--not tom says that it is not them)" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody", "--learn"), "nobody to learn the picture for"),
        (("ravi", "--not", "ravi"), "cannot be them and not them"),
        (("eve",), "nobody with the id or the name"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    server: ApiServer, capture_id: str, arguments: tuple[str, ...], says: str
) -> None:
    result = run(server, "correct", capture_id, *arguments)
    assert result.exit_code != 0
    assert says in result.output
    assert server.sightings[capture_id]["person_id"] == "tom"
