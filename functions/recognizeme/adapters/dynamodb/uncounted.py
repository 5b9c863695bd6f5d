"""Count sightings that were saved before there were daily totals, and put them into the indexes by result.

    python -m recognizeme.adapters.dynamodb.uncounted employees_sightings employees_sightings_totals

May run beside a stack that is in use, may be stopped, and may be run again: each sighting says whether it is
counted, and says so in the transaction that counts it.
"""

import sys
from typing import TYPE_CHECKING

from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.dynamodb import items, totals
from recognizeme.adapters.dynamodb.sighting_items import counted_as, from_item, identity
from recognizeme.adapters.dynamodb.transactions import transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def count_uncounted(client: "DynamoDBClient", sightings_table: str, totals_table: str) -> int:
    """Count every sighting that has no result in its index yet; return how many there were."""
    resource = f"the table {sightings_table!r}"
    pages = client.get_paginator("scan").paginate(
        TableName=sightings_table,
        FilterExpression="attribute_not_exists(#Result) AND attribute_exists(#Status)",  # no pointers
        ExpressionAttributeNames={"#Result": "Result", "#Status": "Status"},
    )
    done = 0
    with translated(resource):
        for item in (item for page in pages for item in page["Items"]):
            sighting = from_item(item)
            update = items.update(
                identity(sighting.capture, sighting.outcome or sighting.status),
                # Whoever changes it meanwhile has counted it.
                condition="attribute_not_exists(#Result) AND #Status = :status",
                given={":status": {"S": sighting.status}},
            )
            key = {"CaptureId": {"S": sighting.capture.capture_id}}
            changes = [{"Update": {"TableName": sightings_table, "Key": key, **update}}]
            if number := dict.fromkeys(counted_as(sighting), (1, sighting.rekognition_calls)):
                changes.append(totals.change(totals_table, sighting.capture, number))
            done += not transact(client, changes, resource=resource)
    return done


if __name__ == "__main__":
    print(f"{count_uncounted(make_client('dynamodb'), *sys.argv[1:3])} sightings counted")
