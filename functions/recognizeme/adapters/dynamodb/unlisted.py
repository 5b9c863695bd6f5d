"""Enter people into the index of names who were last changed before there was one.

    python -m recognizeme.adapters.dynamodb.unlisted employees_people

May run beside a stack that is in use, may be stopped, and may be run again.
"""

import sys
from typing import TYPE_CHECKING

from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.people_items import said
from recognizeme.domain.people import PersonChange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def list_unlisted(client: "DynamoDBClient", people_table: str) -> int:
    """Enter everybody who is not in the index; return how many there were."""
    pages = client.get_paginator("scan").paginate(
        TableName=people_table,
        FilterExpression="attribute_exists(CreatedAt) AND attribute_not_exists(Listed)",
    )
    done = 0
    with translated(f"the table {people_table!r}"):
        for item in (item for page in pages for item in page["Items"]):
            name = item["Name"]["S"]
            # Whoever is renamed meanwhile is entered by that.
            update = items.update(
                said(PersonChange(name=name)), condition="#Name = :was", given={":was": {"S": name}}
            )
            try:
                client.update_item(
                    TableName=people_table, Key={"PersonId": {"S": item["PersonId"]["S"]}}, **update
                )
                done += 1
            except client.exceptions.ConditionalCheckFailedException:
                pass
    return done


if __name__ == "__main__":
    print(f"{list_unlisted(make_client('dynamodb'), sys.argv[1])} people entered")
