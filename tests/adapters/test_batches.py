"""Batches whose table is busy: what it leaves is asked for again, and not for ever."""

from collections.abc import Callable
from typing import Any

import pytest

from recognizeme.adapters.dynamodb import batches
from recognizeme.domain.errors import ServiceBusy


class BusyTable:
    """A client whose one table does at most `most` items of a request."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.stored: list[Any] = []
        self.requests: list[int] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        asked = request["RequestItems"]["people"]
        keys, left = self._taken(asked["Keys"]), asked["Keys"][self.most :]
        unprocessed = {"people": {**asked, "Keys": left}} if left else {}
        return {"Responses": {"people": keys} if keys else {}, "UnprocessedKeys": unprocessed}

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        asked = request["RequestItems"]["people"]
        self.stored += (each["PutRequest"]["Item"] for each in self._taken(asked))
        left = asked[self.most :]
        return {"UnprocessedItems": {"people": left} if left else {}}

    def _taken(self, asked: list[Any]) -> list[Any]:
        self.requests.append(len(asked))
        return asked[: self.most]


def read(table: BusyTable, keys: list[Any], sleep: Callable[[float], None]) -> list[Any]:
    client: Any = table
    return list(batches.read(client, "people", keys, resource="the table people", sleep=sleep))


def write(table: BusyTable, items: list[Any], sleep: Callable[[float], None]) -> list[Any]:
    client: Any = table
    batches.write(client, "people", items, resource="the table people", sleep=sleep)
    return table.stored


@pytest.mark.parametrize(("act", "most"), [(read, 60), (write, 20)])
def test_what_a_busy_table_leaves_is_done_in_the_end(act: Any, most: int) -> None:
    waits: list[float] = []
    wanted = [{"Id": {"S": str(number)}} for number in range(130)]
    assert act(BusyTable(most), wanted, waits.append) == wanted
    assert waits == [0.02] * len(waits)
    assert waits


@pytest.mark.parametrize(("act", "most"), [(read, 100), (write, 25)])
def test_no_request_holds_more_than_dynamodb_takes(act: Any, most: int) -> None:
    table = BusyTable(most)
    act(table, [{"Id": {"S": str(number)}} for number in range(130)], pytest.fail)
    assert (max(table.requests), sum(table.requests)) == (most, 130)


@pytest.mark.parametrize("act", [read, write])
def test_a_table_that_does_nothing_is_busy_after_waiting_longer_and_longer(act: Any) -> None:
    waits: list[float] = []
    with pytest.raises(ServiceBusy, match="the table people is busy"):
        act(BusyTable(0), [{"Id": {"S": "1"}}], waits.append)
    assert waits == [0.02 * 2**attempt for attempt in range(8)]


@pytest.mark.parametrize("act", [read, write])
def test_nothing_costs_no_request(act: Any) -> None:
    table = BusyTable(1)
    assert act(table, [], pytest.fail) == []
    assert table.requests == []
