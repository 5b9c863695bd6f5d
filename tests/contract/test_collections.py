"""What `CollectionRoles` promises: one state, changed by one at a time."""

import secrets
from dataclasses import replace

import pytest

from recognizeme.adapters.dynamodb import DynamoDbCollectionRoles
from recognizeme.domain.collections import Collections
from recognizeme.domain.ports import CollectionRoles
from tests.contract.tables import make_table
from tests.twins.collections import TwinCollectionRoles


@pytest.fixture(params=["twin", pytest.param("aws", marks=pytest.mark.integration)])
def roles(request: pytest.FixtureRequest) -> CollectionRoles:
    if request.param == "twin":
        return TwinCollectionRoles("employees")
    client = request.getfixturevalue("aws_client")("dynamodb")
    table = make_table(client, "People", f"p-{secrets.token_hex(4)}")
    return DynamoDbCollectionRoles(client, table, first="employees")


def test_at_first_the_stacks_own_collection_is_in_use(roles: CollectionRoles) -> None:
    assert roles.read() == Collections("employees")


def test_every_change_is_read_as_it_was_made(roles: CollectionRoles) -> None:
    begun = roles.read().begun("employees")
    assert roles.replace(begun)
    assert roles.read() == replace(begun, version=1)
    assert roles.replace(replace(roles.read(), built_to="3:ada"))
    assert roles.read().built_to == "3:ada"
    assert roles.replace(replace(roles.read(), is_built=True))
    assert roles.replace(roles.read().switched())
    now = roles.read()
    assert (now.in_use, now.kept, now.building, now.is_settled) == ("employees-2", "employees", None, False)
    assert roles.replace(replace(now, leaving=("old",)))
    assert roles.read().others == ("employees", "old")


def test_of_two_changes_of_the_same_state_one_counts(roles: CollectionRoles) -> None:
    before = roles.read()
    assert roles.replace(before.begun("one"))
    assert not roles.replace(before.begun("other"))
    after = roles.read()
    assert after.building == "one-2"
    assert roles.replace(replace(after, is_built=True))
    assert not roles.replace(replace(after, built_to="x"))
