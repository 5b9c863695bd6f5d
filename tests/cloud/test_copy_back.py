"""A restored table's items come back into the live one; nothing newer is lost, nothing expired returns."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.copy_back import Copied, copy_back
from tests.cloud.stand_ins import StandIns
from tests.cloud.template import environment

pytestmark = pytest.mark.integration

VARIABLES = environment("Recognition")
PEOPLE, SIGHTINGS, TOTALS = (
    VARIABLES[f"RECOGNIZEME_{name}_TABLE"] for name in ("PEOPLE", "SIGHTINGS", "TOTALS")
)


@pytest.fixture
def dynamodb(services: StandIns) -> Iterator[Any]:
    client = services.client("dynamodb")
    for table in (PEOPLE, SIGHTINGS, TOTALS):
        client.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    yield client
    for table in (PEOPLE, SIGHTINGS, TOTALS):
        for key in keys(client, table):
            client.delete_item(TableName=table, Key=key)
        if f"{table}_restored" in client.list_tables()["TableNames"]:
            client.delete_table(TableName=f"{table}_restored")


def keys(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    schema = dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    items = dynamodb.scan(TableName=table)["Items"]
    return [{each["AttributeName"]: item[each["AttributeName"]] for each in schema} for item in items]


def put_person(dynamodb: Any, person_id: str, name: str) -> None:
    dynamodb.put_item(TableName=PEOPLE, Item={"PersonId": {"S": person_id}, "Name": {"S": name}})


def names(dynamodb: Any) -> dict[str, str]:
    items = dynamodb.scan(TableName=PEOPLE)["Items"]
    return {item["PersonId"]["S"]: item["Name"]["S"] for item in items}


def restore(dynamodb: Any, table: str) -> str:
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=f"{table}_restored", UseLatestRestorableTime=True
    )
    return f"{table}_restored"


def test_who_was_lost_comes_back_and_who_changed_since_stays_as_they_are(dynamodb: Any) -> None:
    for person_id in ("ada", "grace", "eileen"):
        put_person(dynamodb, person_id, f"{person_id} as it was")
    restored = restore(dynamodb, PEOPLE)
    dynamodb.delete_item(TableName=PEOPLE, Key={"PersonId": {"S": "ada"}})
    put_person(dynamodb, "grace", "grace as it is")
    put_person(dynamodb, "mary", "mary, who is new")

    assert copy_back(dynamodb, restored, PEOPLE) == Copied(copied=1, kept=2, expired=0)
    assert names(dynamodb) == {
        "ada": "ada as it was",
        "grace": "grace as it is",
        "eileen": "eileen as it was",
        "mary": "mary, who is new",
    }
    assert copy_back(dynamodb, restored, PEOPLE).copied == 0


def test_one_person_can_come_back_alone(dynamodb: Any) -> None:
    for person_id in ("ada", "grace"):
        put_person(dynamodb, person_id, person_id)
    restored = restore(dynamodb, PEOPLE)
    for person_id in ("ada", "grace"):
        dynamodb.delete_item(TableName=PEOPLE, Key={"PersonId": {"S": person_id}})

    copy_back(dynamodb, restored, PEOPLE, only=["grace"])

    assert set(names(dynamodb)) == {"grace"}


def test_sightings_beyond_their_retention_do_not_return(dynamodb: Any) -> None:
    now = time.time()
    for number in range(300):
        expires_at = now + (1000 if number % 3 else -1)
        dynamodb.put_item(
            TableName=SIGHTINGS,
            Item={
                "CaptureId": {"S": f"capture-{number}"},
                "KioskId": {"S": "front"},
                "Month": {"S": "2026-11"},
                "ExpiresAt": {"N": str(expires_at)},
            },
        )
    restored = restore(dynamodb, SIGHTINGS)
    for number in range(300):
        dynamodb.delete_item(TableName=SIGHTINGS, Key={"CaptureId": {"S": f"capture-{number}"}})

    assert copy_back(dynamodb, restored, SIGHTINGS, now=lambda: now) == Copied(200, 0, 100)


def test_lost_totals_come_back_beside_those_of_other_kiosks(dynamodb: Any) -> None:
    month = {"Month": {"S": "2026-11"}}
    front, back = ({**month, "DayKiosk": {"S": f"2026-11-23#{kiosk_id}"}} for kiosk_id in ("front", "back"))
    for key in (front, back):
        dynamodb.put_item(TableName=TOTALS, Item={**key, "unknown": {"N": "3"}})
    restored = restore(dynamodb, TOTALS)
    dynamodb.delete_item(TableName=TOTALS, Key=front)

    assert copy_back(dynamodb, restored, TOTALS) == Copied(copied=1, kept=1, expired=0)
    assert sorted(map(str, keys(dynamodb, TOTALS))) == sorted(map(str, (front, back)))
