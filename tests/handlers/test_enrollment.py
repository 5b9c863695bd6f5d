"""People come, change and go; whatever is known of them goes with them."""

import io

import pytest
from PIL import Image

from recognizeme.domain.audit import keyed_hash
from recognizeme.domain.errors import NotFound, RecordsFailed, ServiceBusy
from recognizeme.domain.model import Capture, Enrollment, Outcome
from recognizeme.domain.picture import inspect
from tests.handlers.conftest import Json, Stack

pytestmark = pytest.mark.integration


NO_MORE = {"text_version": None, "withdrawn_at": None}


def without_a_face() -> bytes:
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((400, 400)).save(stream, "JPEG")
    return stream.getvalue()


def test_a_person_is_created_renamed_and_keeps_consent_and_photos(stack: Stack, ada: bytes) -> None:
    consent = {"given_at": "2026-11-20T09:00:00.000Z", "recorded_by": "front desk"} | NO_MORE
    status, person = stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada", "consent": consent})
    assert (status, person["faces"], person["consent"]) == (200, 0, consent)
    stack.enroll("ada", ada, name="Ada King, Countess of Lovelace \U0001f451")
    _, person = stack.http("query", "GET", "/people/ada")
    assert person["name"] == "Ada King, Countess of Lovelace \U0001f451"
    assert (person["faces"], person["consent"]) == (1, consent)


def test_the_same_file_enrolled_twice_is_one_photo_and_one_face(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    stack.enroll("ada", ada)
    _, photos = stack.http("query", "GET", "/people/ada/photos")
    assert len(photos["items"]) == 1
    assert len(stack.people.face_ids("ada")) == 1


def test_a_photo_without_a_face_is_refused_and_says_why(stack: Stack) -> None:
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    status, photo = stack.http(
        "enrollment", "POST", "/people/ada/photos", without_a_face(), content_type="image/jpeg"
    )
    assert (status, photo["state"], photo["reason"]) == (
        201,
        "refused",
        "no face was found; take a photo of head and shoulders, from the front",
    )
    assert (photo["problem"], photo["looks_like"]) == ("no_face", None)
    _, photos = stack.http("query", "GET", "/people/ada/photos")
    assert photos["items"] == [photo]
    assert stack.http("query", "GET", "/people/ada")[1]["faces"] == 0


def test_a_photo_that_looks_like_somebody_else_is_refused_by_both_names(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada, name="Ada Lovelace")
    stack.http("enrollment", "PUT", "/people/tom", {"name": "Tom Baker"})
    path = "/people/tom/photos"
    _, photo = stack.http("enrollment", "POST", path, ada, content_type="image/png")
    assert photo["reason"] == "this looks like Ada Lovelace (100.0 %), not Tom Baker; check whom it shows"
    assert photo["looks_like"]["person_id"] == "ada"
    assert (stack.faces.held_for("ada"), stack.faces.held_for("tom")) == (1, 0)
    _, listed = stack.http("query", "GET", path)
    assert listed["items"] == [photo]
    stack.http("enrollment", "DELETE", "/people/ada")  # nothing of her stays in the record of another
    _, listed = stack.http("query", "GET", path)
    assert listed["items"][0]["looks_like"] is None
    assert "Ada" not in listed["items"][0]["reason"]


def test_a_duplicate_is_enrolled_with_a_reason_that_is_on_record(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    stack.http("enrollment", "PUT", "/people/tom", {"name": "Tom Baker"})
    _, photo = stack.http(
        "enrollment",
        "POST",
        "/people/tom/photos",
        ada,
        query={"allow_duplicate": "twins"},
        content_type="image/png",
    )
    assert photo["state"] == "indexed"
    _, audit = stack.http("query", "GET", "/audit")
    assert "twins" in [line["detail"].get("allow_duplicate") for line in audit["items"]]


def test_exceptions_are_refused_for_a_ticket(stack: Stack) -> None:
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    for query in ({"accept_poor": "true"}, {"allow_duplicate": "twins"}, {"accept_poor": "maybe"}):
        status, _ = stack.http("enrollment", "POST", "/people/ada/photos", {"photo_id": "1.jpg"}, query=query)
        assert status == 400


def test_a_photo_of_nobody_known_is_not_found_through_the_api(stack: Stack, ada: bytes) -> None:
    for body, content_type in ((ada, "image/png"), (b'{"photo_id": "1.jpg"}', "application/json")):
        status, problem = stack.http(
            "enrollment", "POST", "/people/nobody/photos", body, content_type=content_type
        )
        assert (status, problem["type"]) == (404, "urn:recognizeme:problem:not-found")
    assert list(stack.photos.keys("enrollments/")) == []


def test_a_folder_copied_into_the_bucket_enrolls_whatever_the_files_are_called(
    stack: Stack, ada: bytes
) -> None:
    enrollment = Enrollment("ada", "My photo+1 \u00e9\u6f22.png")
    stack.photos.write(enrollment.photo_key, ada, "image/png")
    (photo,) = stack.s3("enrollment", enrollment.photo_key)["photos"]
    assert (photo["state"], photo["photo_id"]) == ("indexed", "My photo+1 \u00e9\u6f22.png")
    assert stack.http("query", "GET", "/people/ada")[1]["name"] == "ada"


def test_a_bad_enrollment_key_is_ignored_beside_a_good_one(stack: Stack, ada: bytes) -> None:
    stack.photos.write("enrollments/ada/1.png", ada, "image/png")
    result = stack.s3(
        "enrollment",
        "enrollments/ada lovelace/1.png",
        "enrollments/ada/1.png",
        "captures/x",
        "enrollments/ada/",
    )
    assert (len(result["photos"]), result["ignored"]) == (1, 3)


def test_an_event_for_a_photo_that_was_removed_meanwhile_enrolls_nobody(stack: Stack) -> None:
    assert stack.s3("enrollment", "enrollments/ada/1.png") == {"photos": [], "ignored": 1}
    assert stack.people.get("ada") is None


def test_a_busy_rekognition_fails_the_record_for_a_retry_that_succeeds(stack: Stack, ada: bytes) -> None:
    stack.photos.write("enrollments/ada/1.png", ada, "image/png")
    stack.faces.failures = [ServiceBusy("throttled")]
    with pytest.raises(RecordsFailed, match="throttled"):
        stack.s3("enrollment", "enrollments/ada/1.png")
    assert stack.s3("enrollment", "enrollments/ada/1.png")["photos"][0]["state"] == "indexed"


def test_forgetting_removes_faces_photos_pictures_and_the_name(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("ada", ada, name="Ada Lovelace")
    stack.enroll("grace", grace)
    capture = Capture(stack.new_capture_id(), "front")
    key = capture.photo_key("image/png")
    stack.photos.write(key, ada, "image/png")
    assert stack.s3("recognition", key)["sightings"][0]["person_id"] == "ada"

    status, answer = stack.http("enrollment", "DELETE", "/people/ada")
    assert (status, {what: n for what, n in answer["removed"].items() if n}) == (
        200,
        {"people": 1, "faces": 1, "vectors": 1, "photos": 1, "captures": 1, "sightings": 1},
    )
    assert (answer["verified"], set(answer["found"].values())) == (True, {0})
    assert answer["person_hash"] == keyed_hash("ada", stack.id_key)
    assert stack.http("query", "GET", "/people/ada")[0] == 404
    assert list(stack.photos.keys("enrollments/ada/")) == []
    with pytest.raises(NotFound):
        stack.photos.read(key)
    sighting = stack.sightings.get(capture.capture_id)
    assert sighting is not None
    assert (sighting.outcome, sighting.person_id, sighting.name) == (Outcome.RECOGNIZED, None, None)
    again = stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")[1]
    assert again["outcome"] == "unknown"
    assert stack.http("query", "GET", "/people/grace")[1]["faces"] == 1

    status, repeated = stack.http("enrollment", "DELETE", "/people/ada")
    assert (status, repeated["removed"]) == (200, answer["removed"]), "an answer may get lost"
    assert stack.http("enrollment", "DELETE", "/people/nobody")[0] == 404


def test_what_is_held_of_a_person_is_looked_for_in_every_store(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")
    status, held = stack.http("enrollment", "GET", "/remains/ada")
    assert (status, held["verified"]) == (200, False)
    assert held["found"] == {
        "people": 1, "faces": 1, "vectors": 1, "photos": 1, "sightings": 1, "lessons": 0, "strangers": 0,
        "roll_calls": 0, "rules": 0,
    }  # fmt: skip
    stack.http("enrollment", "DELETE", "/people/ada")
    assert stack.http("enrollment", "GET", "/remains/ada")[1]["verified"] is True
    assert stack.http("enrollment", "GET", "/remains/a%20b")[0] == 400


def test_forgetting_one_person_leaves_another_whose_id_begins_the_same(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    stack.enroll("ada2", ada)
    stack.http("enrollment", "DELETE", "/people/ada")
    assert stack.http("query", "GET", "/people/ada2")[1]["faces"] == 1
    assert len(list(stack.photos.keys("enrollments/"))) == 1


def test_a_correction_renames_the_sighting_and_keeps_what_was_decided_first(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("grace", grace)
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    sighting = stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")[1]
    path = f"/sightings/{sighting['capture_id']}/correction"
    assert sighting["outcome"] == "unknown"
    _, corrected = stack.http("enrollment", "POST", path, {"person_id": "ada"})
    assert (corrected["outcome"], corrected["name"]) == ("recognized", "Ada")
    _, corrected = stack.http("enrollment", "POST", path, {"person_id": None})
    assert (corrected["outcome"], corrected["person_id"]) == ("unknown", None)
    assert corrected["correction"]["was_outcome"] == "unknown"
    assert corrected["correction"]["was_person_id"] is None
    assert stack.http("enrollment", "POST", path, {"person_id": "nobody"})[0] == 404
    assert stack.http("enrollment", "POST", path, {})[0] == 400


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/people/ada lovelace", {"name": "Ada"}, "person_id"),
        ("/people/" + "a" * 129, {"name": "Ada"}, "person_id"),
        ("/people/ada", {"name": ""}, "name"),
        ("/people/ada", {"name": 5}, "name must be a string"),
        ("/people/ada", {"name": None}, "name is missing"),
        ("/people/ada", {"name": "Ada", "groups": "staff"}, "groups must be a list"),
        ("/people/ada", {"name": "Ada", "groups": ["Staff"]}, "group 'Staff' must be"),
        ("/people/ada", {"name": "Ada", "groups": [f"g{n}" for n in range(21)]}, "20 groups at most"),
        ("/people/ada", {"name": "Ada", "active": "yes"}, "active must be true or false"),
        ("/people/ada", {"name": "Ada", "active_until": "soon"}, "active_until must be a day"),
        ("/people/ada", b"not json", "JSON object"),
        ("/people/ada", b'["a"]', "JSON object"),
        ("/people/ada", {"name": "Ada", "consent": "yes"}, "consent"),
        ("/people/ada", {"name": "Ada", "consent": {"given_at": "once"}}, "consent.given_at"),
        ("/people/ada", {"name": "Ada", "consent": {"given_at": "2999-01-01"}}, "future"),
        ("/people/ada", {"name": "Ada", "consent": None}, "consent must be an object"),
        ("/people/ada", {"name": "Ada", "consent": {}}, "consent.given_at is missing"),
        (
            "/people/ada",
            {"name": "Ada", "consent": {"given_at": "2026-11-02", "withdrawn_at": "2026-11-01"}},
            "consent.withdrawn_at must lie between",
        ),
    ],
)
def test_a_person_out_of_form_is_a_problem_that_names_the_member(
    stack: Stack, path: str, body: object, named: str
) -> None:
    status, problem = stack.http("enrollment", "PUT", path, body)  # type: ignore[arg-type]
    assert (status, problem["type"], problem["status"]) == (
        400,
        "urn:recognizeme:problem:invalid-request",
        400,
    )
    assert named in problem["detail"]


def test_a_put_changes_what_it_is_given_and_leaves_the_rest(stack: Stack) -> None:
    def put(body: Json) -> Json:
        status, person = stack.http("enrollment", "PUT", "/people/ada", body)
        assert status == 200, person
        assert stack.http("query", "GET", "/people/ada")[1] == person
        return person

    consent = {"given_at": "2026-11-01", "recorded_by": "the office", "text_version": "v2"}
    created = put({"name": "Ada", "groups": ["staff", "night", "staff"], "consent": consent})
    assert created["groups"] == ["night", "staff"]
    assert (created["active"], created["active_until"]) == (True, None)
    assert created["consent"] == {
        **consent,
        "given_at": "2026-11-01T00:00:00.000Z",
        "withdrawn_at": None,
    }
    assert put({"active": False}) == created | {"active": False}
    assert put({"active": True, "active_until": "2026-12-31"}) == created | {"active_until": "2026-12-31"}
    assert put({"active_until": None, "groups": []}) == created | {"groups": []}
    withdrawn = put({"consent": {"withdrawn_at": "2026-11-02T08:00:00Z"}})["consent"]
    assert withdrawn == created["consent"] | {"withdrawn_at": "2026-11-02T08:00:00.000Z"}
    assert put({"name": "Ada King"})["consent"] == withdrawn


@pytest.mark.parametrize("body", [{}, {"groups": ["staff"]}, {"consent": {"withdrawn_at": "2026-11-02"}}])
def test_nobody_is_created_without_a_name(stack: Stack, body: Json) -> None:
    status, problem = stack.http("enrollment", "PUT", "/people/ada", body)
    assert (status, problem["type"]) == (404, "urn:recognizeme:problem:not-found")
    assert stack.people.get("ada") is None


def test_people_are_listed_by_name_and_by_group(stack: Stack) -> None:
    for person_id, name, groups in (("ada", "Ada Lovelace", ["staff"]), ("zoe", "Zoë Love", [])):
        stack.http("enrollment", "PUT", f"/people/{person_id}", {"name": name, "groups": groups})

    def found(**query: str) -> list[str]:
        return [one["person_id"] for one in stack.http("query", "GET", "/people", query=query)[1]["items"]]

    assert found(name="lóve") == ["zoe", "ada"]
    assert found(name="zoe") == ["zoe"]
    assert found(group="staff") == ["ada"]
    for query in ({"name": " - "}, {"group": "Staff"}):
        assert stack.http("query", "GET", "/people", query=query)[0] == 400


def test_bytes_that_are_no_picture_are_a_problem_and_are_not_stored(stack: Stack) -> None:
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    for body, content_type, status in (
        (b"text", "image/jpeg", 400),
        (b"GIF89a", "image/gif", 415),
        (b"\xff\xd8\xff" + bytes(4 * 1024 * 1024), "image/jpeg", 413),
    ):
        answer = stack.http("enrollment", "POST", "/people/ada/photos", body, content_type=content_type)
        assert answer[0] == status, answer
    assert list(stack.photos.keys("")) == []


def test_a_photo_can_be_had_by_a_link_and_others_cannot(stack: Stack, ada: bytes) -> None:
    def link(person_id: str, photo_id: str) -> tuple[int, str]:
        query = {"photo_id": photo_id}
        status, answer = stack.http("enrollment", "GET", f"/people/{person_id}/photo", query=query)
        return status, answer.get("url", "")

    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    query, path = {"photo_id": "a b+.png"}, "/people/ada/photos"
    stack.http("enrollment", "POST", path, ada, query=query, content_type="image/png")
    status, url = link("ada", "a b+.png")
    assert (status, "enrollments/ada/" in url) == (200, True)
    assert [link("ada", "other.png")[0], link("bob", "a b+.png")[0]] == [404, 404]
    assert [link("ada", photo_id)[0] for photo_id in ("", "..", "../bob/1.jpg")] == [400, 400, 400]


def test_what_forgetting_begins_is_finished_by_an_event_whatever_becomes_of_it(
    stack: Stack, ada: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.enroll("ada", ada)
    capture = Capture(stack.new_capture_id(), "front")
    stack.photos.write(capture.photo_key("image/png"), ada, "image/png")
    stack.s3("recognition", capture.photo_key("image/png"))
    stack.faces.index.add("ada", inspect(ada + b"a second face, of which there is no record"))
    with monkeypatch.context() as failing:
        failing.setattr(stack.faces, "remove", lambda face_ids: (_ for _ in ()).throw(ServiceBusy("busy")))
        assert stack.http("enrollment", "DELETE", "/people/ada")[0] == 503
    assert stack.faces.held_for("ada") == 2
    (job,) = stack.jobs.jobs()
    assert stack.jobs.take("enrollment") is None, "it is not due before the lease has ended"
    stack.people.end_forgetting("ada", [])  # as the lease's end does
    assert stack.invoke(job.function, job.event)["faces"] == 2
    assert list(stack.photos.keys("")) == []
    assert stack.faces.held_for("ada") == 0
    assert stack.http("query", "GET", "/sightings", query={"person_id": "ada"})[1]["items"] == []


def test_a_late_event_of_somebody_forgotten_has_what_is_left_removed(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    stack.http("enrollment", "DELETE", "/people/ada")
    stack.photos.write("enrollments/ada/late.png", ada, "image/png")
    assert stack.s3("enrollment", "enrollments/ada/late.png") == {"photos": [], "ignored": 1}
    assert stack.http("query", "GET", "/people/ada")[0] == 404
    for job in stack.jobs.jobs():
        stack.invoke(job.function, job.event)
    assert list(stack.photos.keys("")) == []
    assert stack.faces.held_for("ada") == 0


def test_faces_of_nobody_are_found_by_the_api_and_by_the_daily_event(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("grace", grace)
    stack.faces.index.add("nobody", inspect(ada))
    (orphan,) = (face.face_id for face in stack.faces.all_faces() if face.person_id == "nobody")
    found: Json = {"faces": 2, "removing": 0, "orphans": 1, "adopted": 0, "apart": 0}
    found |= {"of_strangers": 0, "strangers_removed": 0}
    found["items"] = [{"face_id": orphan, "person_id": "nobody"}]
    assert stack.http("enrollment", "POST", "/collection-checks") == (200, found)
    assert stack.invoke("enrollment", {"check": "collection"}) == found
    assert stack.jobs.jobs() == []

    assert stack.http("enrollment", "POST", "/collection-checks", query={"remove": "yes"})[0] == 400
    status, answer = stack.http("enrollment", "POST", "/collection-checks", query={"remove": "true"})
    assert (status, answer["removing"], answer["orphans"]) == (200, 1, 0)
    (job,) = stack.jobs.jobs()
    stack.invoke(job.function, job.event)
    assert (stack.faces.held_for("nobody"), stack.faces.held_for("grace")) == (0, 1)


def test_each_face_of_a_person_is_compared_with_all_others(stack: Stack, ada: bytes, grace: bytes) -> None:
    stack.enroll("ada", ada)
    stack.enroll("twin", ada)
    stack.enroll("grace", grace)
    status, answer = stack.http("enrollment", "POST", "/people/ada/neighbours")
    assert status == 200
    (face,) = answer["items"]
    assert (face["own"], face["is_lost"], answer["next_cursor"]) == ([], False, None)
    assert (answer["threshold_pct"], answer["margin_pct"]) == (99.0, 1.0)
    nearest, *others = face["others"]
    assert (nearest["person_id"], nearest["similarity_pct"] > 99.9) == ("twin", True)
    assert all(other["person_id"] == "grace" and other["similarity_pct"] < 80 for other in others)

    query = {"cursor": face["face_id"]}
    assert stack.http("enrollment", "POST", "/people/ada/neighbours", query=query)[1]["items"] == []
    assert stack.http("enrollment", "POST", "/people/eve/neighbours")[0] == 404


def test_a_ticket_for_a_capture_that_is_done_is_a_conflict(stack: Stack, ada: bytes) -> None:
    capture_id = stack.new_capture_id()
    path = "/kiosks/front/recognitions"
    stack.http("door", "POST", path, ada, query={"capture_id": capture_id}, content_type="image/png")
    status, problem = stack.http("door", "POST", "/kiosks/front/captures", {"capture_id": capture_id})
    assert (status, problem["type"]) == (409, "urn:recognizeme:problem:already-done")


def test_a_photo_sent_as_bytes_is_paid_for_once_though_its_event_follows(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    (key,) = stack.stored
    paid = stack.faces.additions
    (photo,) = stack.s3("enrollment", key)["photos"]
    assert photo["state"] == "indexed"
    assert stack.faces.additions == paid == 1


def test_a_photo_that_was_replaced_is_indexed_anew(stack: Stack, ada: bytes, grace: bytes) -> None:
    stack.photos.write("enrollments/ada/1", ada, "image/png")
    first = stack.s3("enrollment", "enrollments/ada/1")["photos"][0]
    stack.photos.write("enrollments/ada/1", grace, "image/jpeg")
    (second,) = stack.s3("enrollment", "enrollments/ada/1")["photos"]
    assert second["face_id"] != first["face_id"]
    assert stack.faces.search(inspect(ada)).matches == (), "nobody is recognized by a photo that is gone"


@pytest.mark.parametrize(
    "photo_id", ["1.jpg", "My photo+1 é漢 #2?.png", "e\u0301.png", "100%25 \U0001f451.png"]
)
def test_a_photo_is_removed_and_its_person_is_not_recognized_by_it_any_more(
    stack: Stack, ada: bytes, photo_id: str
) -> None:
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    stack.photos.write(f"enrollments/ada/{photo_id}", ada, "image/png")
    stack.s3("enrollment", f"enrollments/ada/{photo_id}")
    assert stack.http("query", "GET", "/people/ada")[1]["faces"] == 1
    status, removed = stack.http("enrollment", "DELETE", f"/people/ada/photos/{photo_id}")
    assert (status, removed["state"], removed["face_id"]) == (200, "removed", None)
    assert removed["removed_at"]
    assert stack.http("query", "GET", "/people/ada/photos")[1]["items"] == [removed]
    assert stack.http("query", "GET", "/people/ada")[1]["faces"] == stack.faces.held_for("ada") == 0
    assert list(stack.photos.keys("enrollments/")) == []
    seen = stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")[1]
    assert seen["outcome"] == "unknown"
    assert stack.s3("enrollment", f"enrollments/ada/{photo_id}")["photos"] == []
    link = stack.http("enrollment", "GET", "/people/ada/photo", query={"photo_id": photo_id})
    assert link[0] == 404
    again = stack.http("enrollment", "DELETE", f"/people/ada/photos/{photo_id}")
    assert again == (200, removed)


def test_a_photo_whose_name_arrives_encoded_is_removed(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    stack.photos.write("enrollments/ada/a b.png", ada, "image/png")
    stack.s3("enrollment", "enrollments/ada/a b.png")
    status, removed = stack.http("enrollment", "DELETE", "/people/ada/photos/a%20b.png")
    assert (status, removed["photo_id"]) == (200, "a b.png")
    assert stack.faces.held_for("ada") == 1, "the other photo is the same picture"
    assert stack.http("enrollment", "DELETE", "/people/ada/photos/nothing%20there.png")[0] == 404
    assert stack.http("enrollment", "DELETE", "/people/nobody/photos/1.png")[0] == 404


def test_an_interrupted_removal_is_finished_by_the_event_that_was_queued_before(
    stack: Stack, ada: bytes
) -> None:
    stack.enroll("ada", ada)
    (photo,) = stack.http("query", "GET", "/people/ada/photos")[1]["items"]
    stack.people.begin_removing_photo("ada", photo["photo_id"], now=stack.now())
    event = {"remove_photo": {"person_id": "ada", "photo_id": photo["photo_id"]}}
    stack.invoke("enrollment", event)
    assert stack.http("query", "GET", "/people/ada/photos")[1]["items"][0]["state"] == "removed"
    assert stack.faces.held_for("ada") == 0


def test_two_records_of_one_human_are_merged_and_told_apart_again(stack: Stack, ada: bytes) -> None:
    for person_id in ("ada", "a-king"):
        stack.enroll(person_id, ada)

    def seen() -> Json:
        return stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")[1]

    assert seen()["outcome"] == "uncertain"
    status, merged = stack.http("enrollment", "POST", "/people/a-king/merge", {"into": "ada"})
    assert (status, merged["merged_into"], merged["merged"]) == (200, "ada", [])
    assert stack.http("query", "GET", "/people/ada")[1]["merged"] == ["a-king"]
    assert seen()["person_id"] == "ada"
    listed = stack.http("query", "GET", "/sightings", query={"person_id": "ada"})[1]["items"]
    assert [each["person_id"] for each in listed] == ["ada"]
    for person_id, into, status in (
        ("ada", "a-king", 409),
        ("nobody", "ada", 404),
        ("ada", "no such id", 400),
    ):
        assert stack.http("enrollment", "POST", f"/people/{person_id}/merge", {"into": into})[0] == status
    status, apart = stack.http("enrollment", "DELETE", "/people/a-king/merge")
    assert (status, apart["merged_into"]) == (200, None)
    assert seen()["outcome"] == "uncertain"


def test_sightings_from_before_a_merge_are_listed_under_whom_they_count_as_and_are_forgotten_with_them(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("a-king", ada)
    stack.enroll("ada", grace)
    seen = stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")[1]
    assert seen["person_id"] == "a-king"
    stack.http("enrollment", "POST", "/people/a-king/merge", {"into": "ada"})
    (listed,) = stack.http("query", "GET", "/sightings", query={"person_id": "ada"})[1]["items"]
    assert (listed["capture_id"], listed["person_id"]) == (seen["capture_id"], "a-king")
    receipt = stack.http("enrollment", "DELETE", "/people/ada")[1]
    assert receipt["forgotten"] == ["ada", "a-king"]
    assert {what: n for what, n in receipt["removed"].items() if n} == {
        "people": 2, "faces": 2, "vectors": 2, "photos": 2, "captures": 1, "sightings": 1,
    }  # fmt: skip
    assert stack.http("query", "GET", "/people/a-king")[0] == 404
