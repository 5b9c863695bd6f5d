"""What is DynamoDB's alone: reads that go on, indexes that lag, the layout that the template promises."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from recognizeme.adapters.dynamodb import DynamoDbPeople, DynamoDbSightings
from recognizeme.adapters.dynamodb import sightings as module
from recognizeme.adapters.dynamodb.uncounted import count_uncounted
from recognizeme.adapters.dynamodb.unlisted import list_unlisted
from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.model import Correction, Outcome, Sighting, Status
from recognizeme.domain.ports import PeopleQuery, SightingQuery
from recognizeme.domain.totals import Count
from tests.contract.conftest import RETENTION_DAYS, SetClock
from tests.contract.samples import NOON, capture, indexed, person, recognized, uncertain, unknown
from tests.contract.tables import make_table, resource
from tests.contract.test_sighting_lists import pages

pytestmark = pytest.mark.integration


@pytest.fixture
def client(aws_client: Callable[[str], Any]) -> Any:
    return aws_client("dynamodb")


@pytest.fixture
def table(client: Any) -> str:
    return make_table(client, "Sightings", f"sightings-{secrets.token_hex(4)}")


@pytest.fixture
def totals_table(client: Any) -> str:
    return make_table(client, "Totals", f"totals-{secrets.token_hex(4)}")


@pytest.fixture
def backend() -> str:
    return "aws"


@pytest.fixture
def sightings(
    client: Any,
    table: str,
    totals_table: str,
    people: DynamoDbPeople,
    people_table: str,
    clock: SetClock,
) -> DynamoDbSightings:
    for person_id in ("ada", "bob"):
        people.put(person(person_id), now=clock())
    return DynamoDbSightings(
        client,
        table,
        totals_table=totals_table,
        people_table=people_table,
        retention_days=RETENTION_DAYS,
        now=clock,
    )


def rare(sightings: DynamoDbSightings, clock: SetClock) -> list[Sighting]:
    """Three at the back among forty of a person; newest first."""
    found = []
    for number in range(40):
        kiosk_id = "back" if number in (7, 8, 39) else "front"
        sighting = recognized(capture(clock() - timedelta(hours=number), kiosk_id=kiosk_id, number=number))
        sightings.save(sighting)
        if kiosk_id == "back":
            found.append(sighting)
    return found


@pytest.mark.parametrize(
    "query",
    [SightingQuery("ada", "back"), SightingQuery("ada", "back", Outcome.RECOGNIZED)],
)
def test_a_page_is_filled_however_many_reads_a_filter_needs(
    sightings: DynamoDbSightings, clock: SetClock, monkeypatch: pytest.MonkeyPatch, query: SightingQuery
) -> None:
    monkeypatch.setattr(module, "_READ_ITEMS", 3)
    expected = rare(sightings, clock)
    listed = list(pages(sightings, query, limit=2))
    assert listed == [tuple(expected[:2]), tuple(expected[2:])]


@pytest.mark.parametrize("max_reads", [1, 3])
def test_a_page_that_cost_enough_is_given_with_a_cursor_and_nothing_is_lost_or_doubled(
    sightings: DynamoDbSightings,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    max_reads: int,
) -> None:
    monkeypatch.setattr(module, "_READ_ITEMS", 3)
    monkeypatch.setattr(module, "_MAX_READS", max_reads)
    expected = rare(sightings, clock)
    query = SightingQuery("ada", "back")
    listed = list(pages(sightings, query, limit=2))
    assert [sighting for page in listed for sighting in page] == expected
    assert len(listed) >= 14 // max_reads, "forty items take fourteen reads"


def test_the_months_of_a_year_are_walked_in_one_page(client: Any, table: str) -> None:
    sightings = DynamoDbSightings(client, table, totals_table="none", people_table="none", retention_days=365)
    page = sightings.query(SightingQuery(), limit=50)
    assert (page.items, page.next_cursor) == ((), None)


def test_an_item_expires_by_the_attribute_that_the_template_names(
    sightings: DynamoDbSightings, client: Any, table: str, clock: SetClock
) -> None:
    seen = capture(clock() - timedelta(days=3))
    sightings.claim(seen, now=clock(), lease_s=30)
    ttl = resource("Sightings")["TimeToLiveSpecification"]
    assert ttl["Enabled"] is True

    def expires() -> int:
        item = client.get_item(TableName=table, Key={"CaptureId": {"S": seen.capture_id}})["Item"]
        return int(item[ttl["AttributeName"]]["N"])

    expected = int((clock() + timedelta(days=RETENTION_DAYS)).timestamp())
    assert expires() == expected
    clock.advance(timedelta(hours=1))
    sightings.save(recognized(seen))
    assert expires() == expected, "a result does not prolong the retention"


def test_every_index_of_the_template_finds_a_sighting(
    sightings: DynamoDbSightings, client: Any, table: str, clock: SetClock
) -> None:
    """An index on an attribute nobody writes would stay empty, and nobody would notice."""
    done = replace(recognized(capture(clock())), decision=uncertain(capture(clock()), "ada", "bob").decision)
    sightings.save(done)
    sightings.correct(replace(done, person_id="bob"), Correction(clock(), Outcome.RECOGNIZED, "ada"))
    indexes = resource("Sightings")["GlobalSecondaryIndexes"]
    assert indexes
    for index in indexes:
        assert client.scan(TableName=table, IndexName=index["IndexName"])["Count"] == 1, index["IndexName"]


def test_faces_are_known_while_the_index_lags_and_when_the_person_is_gone(
    people: DynamoDbPeople, client: Any
) -> None:
    people.put(person(), now=NOON)
    people.add_photo("ada", indexed("a.jpg", "face-a"), photo_key="enrollments/ada/a.jpg")
    people.add_photo("ada", indexed("b.jpg", "face-b"), photo_key="enrollments/ada/b.jpg")
    client.delete_item(TableName=people._faces, Key={"RekognitionId": {"S": "face-a"}})
    assert sorted(people.face_ids("ada")) == ["face-a", "face-b"]
    remains = people.begin_forgetting("ada", now=NOON, expires_at=NOON + timedelta(days=15), lease_s=30)
    assert remains
    assert sorted(remains.face_ids) == ["face-a", "face-b"]
    again = NOON + timedelta(seconds=30)
    assert people.begin_forgetting("ada", now=again, expires_at=again, lease_s=30) == remains
    people.end_forgetting("ada", remains.face_ids)
    assert people.face_ids("ada") == ()


def test_sightings_saved_before_there_were_totals_are_counted_once(
    sightings: DynamoDbSightings, client: Any, table: str, totals_table: str, clock: SetClock
) -> None:
    day = clock().date()
    pending = sightings.claim(capture(clock(), number=9), now=clock(), lease_s=30)
    older = [unknown(capture(clock(), number=number)) for number in range(4)]
    for each in older:
        sightings.save(each)
    for item in client.scan(TableName=table)["Items"]:
        client.update_item(
            TableName=table,
            Key={"CaptureId": item["CaptureId"]},
            UpdateExpression="REMOVE #Result, KioskResult",
            ExpressionAttributeNames={"#Result": "Result"},
        )
    for item in client.scan(TableName=totals_table)["Items"]:
        client.delete_item(TableName=totals_table, Key={"Month": item["Month"], "DayKiosk": item["DayKiosk"]})
    corrected = replace(older[0], outcome=Outcome.RECOGNIZED, person_id="ada", name="Ada")
    sightings.correct(corrected, Correction(clock(), Outcome.UNKNOWN, None))
    sightings.save(unknown(capture(clock(), number=5)))
    assert set(sightings.counts(day, day)) == {
        Count(day, "front", Outcome.RECOGNIZED, 1, 1),
        Count(day, "front", Outcome.UNKNOWN, 1, 1),
    }

    assert [count_uncounted(client, table, totals_table) for _ in range(2)] == [4, 0]

    assert set(sightings.counts(day, day)) == {
        Count(day, "front", Outcome.RECOGNIZED, 1, 1),
        Count(day, "front", Outcome.UNKNOWN, 4, 4),
        Count(day, "front", Status.PENDING, 1, 0),
    }
    assert len(sightings.query(SightingQuery(outcome=Outcome.UNKNOWN), limit=10).items) == 4
    assert pending in sightings.query(SightingQuery(), limit=10).items


def test_whoever_was_there_before_names_were_searched_is_found_when_they_are_entered(
    people: DynamoDbPeople, client: Any, people_table: str
) -> None:
    old = {"PersonId": {"S": "ada"}, "Name": {"S": "Ada Lovelace"}, "Photos": {"M": {}}}
    client.put_item(TableName=people_table, Item=old | {"CreatedAt": {"S": NOON.isoformat()}})
    people.put(person("bob", name="Bob Love"), now=NOON)
    people.begin_forgetting("eve", now=NOON, expires_at=NOON + timedelta(days=15), lease_s=30)
    found = PeopleQuery(name=" love")
    assert [one.person_id for one in people.list(found, limit=10).items] == ["bob"]
    assert [list_unlisted(client, people_table) for _ in range(2)] == [1, 0]
    assert [one.person_id for one in people.list(found, limit=10).items] == ["ada", "bob"]


def test_a_filtered_list_reads_a_bounded_number_of_pages_and_goes_on_with_its_cursor(
    people: DynamoDbPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        people.put(person(f"p{number:02}", name="Ada" if number in (0, 11) else "Bob"), now=NOON)
    query = people._client.query
    monkeypatch.setattr(people._client, "query", lambda **asked: query(**asked, Limit=1))
    first = people.list(PeopleQuery(name=" ada"), limit=5)
    assert [one.person_id for one in first.items] == ["p00"]
    assert first.next_cursor
    second = people.list(PeopleQuery(name=" ada"), limit=5, cursor=first.next_cursor)
    assert [one.person_id for one in second.items] == ["p11"]


def test_a_tombstone_says_nothing_about_whom_it_is_for_and_expires_by_itself(
    people: DynamoDbPeople, client: Any, people_table: str
) -> None:
    people.put(person(), now=NOON)
    expires_at = NOON + timedelta(days=15)
    people.begin_forgetting("ada", now=NOON, expires_at=expires_at, lease_s=30)
    people.end_forgetting("ada", [])
    (item,) = client.scan(TableName=people_table)["Items"]
    ttl = resource("People")["TimeToLiveSpecification"]
    assert set(item) == {"PersonId", ttl["AttributeName"]}
    assert item[ttl["AttributeName"]] == {"N": str(int(expires_at.timestamp()))}
    assert "ada" not in str(item)


def test_a_table_that_does_not_exist_is_named(client: Any, clock: SetClock) -> None:
    none = "no-such-table"
    nowhere = DynamoDbSightings(
        client, none, totals_table=none, people_table=none, retention_days=30, now=clock
    )
    nobody = DynamoDbPeople(client, none, faces_table=none, tombstone_key=b"")
    of = capture(clock())
    for use in (
        lambda: nowhere.get(of.capture_id),
        lambda: nowhere.claim(of, now=clock(), lease_s=30),
        lambda: nowhere.save(unknown(of)),
        lambda: nowhere.query(SightingQuery(), limit=1),
        lambda: nowhere.begin_call(of.capture_id, most=1),
        lambda: nowhere.save(recognized(of)),
        lambda: list(nowhere.traces("ada")),
        lambda: nobody.put(person(), now=NOON),
        lambda: nobody.begin_photo("ada", "picture", now=NOON),
        lambda: nobody.add_photo("ada", indexed("a.jpg", "f"), photo_key="k"),
        lambda: nobody.is_forgotten("ada", now=NOON),
    ):
        with pytest.raises(Misconfigured, match="no-such-table"):
            use()
