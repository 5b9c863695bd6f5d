"""Which collection is in use, in DynamoDB: one item of the table of people."""

from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters.aws import make_client, translated
from recognizeme.domain.collections import Collections

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Any = {
    "PersonId": {"S": "~collections"}
}  # no person's id begins like this, and no tombstone's is a word


class DynamoDbCollectionRoles:
    """`CollectionRoles` beside the people, whom every function that recognizes may read."""

    def __init__(self, client: "DynamoDBClient", people_table: str, *, first: str) -> None:
        self._client = client
        self._table = people_table
        self._first = first

    @classmethod
    def connect(cls, people_table: str, *, first: str) -> Self:
        """The table in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), people_table, first=first)

    def read(self) -> Collections:
        """A strongly consistent read: a switch counts from its end on."""
        with translated(self._name):
            item: Any = self._client.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True).get(
                "Item"
            )
        if item is None:
            return Collections(self._first)
        text = {name: value["S"] for name, value in item.items() if "S" in value}
        return Collections(
            text["InUse"],
            text.get("Building"),
            text.get("Kept"),
            tuple(each["S"] for each in item["Leaving"]["L"]),
            text.get("BuiltTo"),
            item["IsBuilt"]["BOOL"],
            item["IsSettled"]["BOOL"],
            int(item["Number"]["N"]),
            int(item["Version"]["N"]),
        )

    def replace(self, after: Collections) -> bool:
        """One conditional update."""
        values: dict[str, Any] = {
            "InUse": {"S": after.in_use},
            "Building": _text(after.building),
            "Kept": _text(after.kept),
            "Leaving": {"L": [{"S": each} for each in after.leaving]},
            "BuiltTo": _text(after.built_to),
            "IsBuilt": {"BOOL": after.is_built},
            "IsSettled": {"BOOL": after.is_settled},
            "Number": {"N": str(after.number)},
            "Version": {"N": str(after.version + 1)},
        }
        with translated(self._name):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_KEY,
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                    ConditionExpression="#Version = :before"
                    if after.version
                    else "attribute_not_exists(#Version)",
                    ExpressionAttributeNames={f"#{name}": name for name in values},
                    ExpressionAttributeValues={
                        **{f":{name}": value for name, value in values.items()},
                        **({":before": {"N": str(after.version)}} if after.version else {}),
                    },
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _text(value: str | None) -> dict[str, Any]:
    return {"NULL": True} if value is None else {"S": value}
