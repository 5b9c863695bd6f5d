"""An object-created event becomes a sighting, once, whatever else happens."""

import importlib
import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from recognizeme.domain.errors import RecordsFailed, ServiceBusy
from recognizeme.domain.model import Capture, Outcome, Status, new_capture_id
from tests.handlers.conftest import Stack

pytestmark = pytest.mark.integration


def encoded(image: Image.Image, file_format: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def hand_in(stack: Stack, picture: bytes, content_type: str = "image/jpeg") -> tuple[Capture, str]:
    capture = Capture(stack.new_capture_id(), "front")
    key = capture.photo_key(content_type)
    stack.photos.write(key, picture, content_type)
    return capture, key


def test_an_enrolled_person_is_recognized_with_name_box_and_similarity(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada, name="Ada Lovelace")
    _, key = hand_in(stack, ada)
    sighting = stack.s3("recognition", key)["sightings"][0]
    assert (sighting["outcome"], sighting["person_id"], sighting["name"]) == (
        "recognized",
        "ada",
        "Ada Lovelace",
    )
    assert sighting["similarity_pct"] >= 99
    assert 0 < sighting["face_box"]["width"] < 1


def test_a_stranger_is_unknown(stack: Stack, ada: bytes, grace: bytes) -> None:
    stack.enroll("grace", grace)
    capture, key = hand_in(stack, ada)
    stack.s3("recognition", key)
    sighting = stack.sightings.get(capture.capture_id)
    assert sighting is not None
    assert (sighting.outcome, sighting.person_id) == (Outcome.UNKNOWN, None)


def test_handing_the_same_capture_in_ten_times_gives_one_sighting_and_one_paid_call(
    stack: Stack, ada: bytes
) -> None:
    capture, key = hand_in(stack, ada)
    answers = [stack.s3("recognition", key) for _ in range(5)]
    answers.append(stack.s3("recognition", key, key, key))
    status, immediate = stack.http(
        "door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png",
        query={"capture_id": capture.capture_id},
    )  # fmt: skip
    assert stack.faces.searches == 1
    assert status == 200
    assert all(sighting == immediate for answer in answers for sighting in answer["sightings"])
    assert immediate["rekognition_calls"] == 1


def test_no_event_is_raised_before_the_outcome_of_a_picture_handed_in_at_once_is_known(
    stack: Stack, ada: bytes
) -> None:
    capture = Capture(stack.new_capture_id(), "front")
    query = {"capture_id": capture.capture_id}
    stack.faces.failures = [ServiceBusy("Rekognition is throttling us")]
    for expected, stored in ((503, []), (200, [capture.photo_key("image/png")])):
        status, _ = stack.http(
            "door", "POST", "/kiosks/front/recognitions", ada, query=query, content_type="image/png"
        )
        assert (status, stack.stored) == (expected, stored)


def test_a_picture_handed_in_at_once_is_stored_and_its_event_finds_the_work_done(
    stack: Stack, ada: bytes
) -> None:
    stack.enroll("ada", ada)
    stack.stored.clear()
    searches = stack.faces.searches
    status, sighting = stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")
    assert (status, sighting["outcome"]) == (200, "recognized")
    (key,) = stack.stored
    assert key.endswith(f"{sighting['capture_id']}.png")
    assert stack.s3("recognition", key)["sightings"] == [sighting]
    assert stack.faces.searches == searches + 1


def test_several_records_are_all_handled_and_a_failing_one_only_fails_itself(
    stack: Stack, ada: bytes
) -> None:
    stack.enroll("ada", ada)
    good, good_key = hand_in(stack, ada)
    bad = Capture(new_capture_id(datetime.now(UTC), b"b" * 10), "front")
    stack.photos.write(bad.photo_key("image/jpeg"), ada, "image/jpeg")
    stack.faces.failures = [ServiceBusy("Rekognition is throttling us")]
    keys = [bad.photo_key("image/jpeg"), good_key]
    with pytest.raises(RecordsFailed, match="1 of 2 records failed: Rekognition is throttling us"):
        stack.s3("recognition", *keys)
    failed, done = stack.sightings.get(bad.capture_id), stack.sightings.get(good.capture_id)
    assert failed is not None
    assert done is not None
    assert (failed.status, failed.reason) == (Status.FAILED, "Rekognition is throttling us")
    assert done.outcome is Outcome.RECOGNIZED

    again = stack.s3("recognition", *keys)["sightings"]
    assert [sighting["outcome"] for sighting in again] == ["recognized", "recognized"]


def test_keys_outside_captures_and_keys_that_are_no_capture_are_ignored(stack: Stack) -> None:
    result = stack.s3(
        "recognition", "enrollments/ada/1.jpg", "captures/x.jpg", "captures/front/a b+\u00e9.jpg", ""
    )
    assert result == {"sightings": [], "ignored": 4}


def test_a_capture_whose_picture_is_gone_is_rejected(stack: Stack) -> None:
    capture = Capture(stack.new_capture_id(), "front")
    sighting = stack.s3("recognition", capture.photo_key("image/jpeg"))["sightings"][0]
    assert (sighting["outcome"], sighting["reason"]) == ("rejected", "the picture is no longer stored")


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"", "the file is empty"),
        (b"Dear Sir or Madam", "the file is neither JPEG nor PNG"),
        (encoded(Image.new("RGB", (60, 60))), "smaller than 80 pixels"),
        (encoded(Image.new("RGB", (400, 400), "red"))[:300], ""),
        (encoded(Image.new("1", (20_000, 20_000)), "PNG"), "more than 50 million pixels"),
        (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), "larger than 5 MiB"),
    ],
    ids=["empty", "text", "tiny", "truncated", "bomb", "too large"],
)
def test_a_file_that_is_no_usable_picture_is_rejected_and_says_why(
    stack: Stack, picture: bytes, reason: str
) -> None:
    _, key = hand_in(stack, picture)
    sighting = stack.s3("recognition", key)["sightings"][0]
    assert sighting["outcome"] == "rejected"
    assert reason in sighting["reason"]
    assert sighting["rekognition_calls"] == (reason == ""), "only its decoder can tell that one is cut short"


def test_a_picture_without_a_face_is_no_face(stack: Stack) -> None:
    _, key = hand_in(stack, encoded(Image.linear_gradient("L").resize((640, 480))))
    assert stack.s3("recognition", key)["sightings"][0]["outcome"] == "no_face"


def test_a_picture_turned_by_exif_or_with_an_alpha_channel_shows_the_same_person(
    stack: Stack, grace: bytes
) -> None:
    stack.enroll("grace", grace)
    upright = Image.open(io.BytesIO(grace))
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn 90 degrees clockwise to see it upright
    turned = encoded(upright.transpose(Image.Transpose.ROTATE_90), exif=exif)
    translucent = encoded(upright.convert("RGBA").resize((306, 360)), "PNG")
    for picture, content_type in ((turned, "image/jpeg"), (translucent, "image/png")):
        _, key = hand_in(stack, picture, content_type)
        sighting = stack.s3("recognition", key)["sightings"][0]
        assert (sighting["outcome"], sighting["person_id"]) == ("recognized", "grace"), sighting


def test_an_unknown_collection_fails_the_sighting_and_says_what_to_do(stack: Stack, ada: bytes) -> None:
    index = stack.faces.index
    index._collection_id = "no-such-collection"  # type: ignore[attr-defined]
    capture, key = hand_in(stack, ada)
    with pytest.raises(RecordsFailed, match="no-such-collection"):
        stack.s3("recognition", key)
    sighting = stack.sightings.get(capture.capture_id)
    assert sighting is not None
    assert sighting.status is Status.FAILED


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": [{}, 3, None]}, [], "text"])
def test_a_malformed_event_is_ignored_without_an_error(stack: Stack, event: object) -> None:
    assert stack.invoke("recognition", event)["sightings"] == []


def test_the_logs_hold_no_name_and_no_person(
    stack: Stack, ada: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logged = io.StringIO()
    for function in ("recognition", "enrollment"):
        logger = importlib.import_module(f"{function}.app").logger
        monkeypatch.setattr(logger.registered_handler, "stream", logged)
    stack.enroll("ada.of.ockham", ada, name="Ada Lovelace")
    _, key = hand_in(stack, ada)
    assert stack.s3("recognition", key)["sightings"][0]["name"] == "Ada Lovelace"
    printed = logged.getvalue() + "".join(capsys.readouterr())
    assert "capture recognized" in printed
    assert "Outcome_recognized" in printed
    assert "Lovelace" not in printed
    assert "ockham" not in printed
