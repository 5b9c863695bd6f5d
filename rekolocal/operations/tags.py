"""TagResource, UntagResource, ListTagsForResource: a collection is the only resource with tags."""

import sqlite3
from collections.abc import Mapping, Sequence

from rekolocal.errors import ResourceNotFoundException, ServiceQuotaExceededException
from rekolocal.operations.replies import Reply
from rekolocal.service import Service
from rekolocal.state import collections
from rekolocal.state.collections import Collection

_MAX_TAGS = 200  # the bound of TagMap in the service model


def check_number_of_tags(tags: Mapping[str, str]) -> None:
    """Raises ServiceQuotaExceededException past 200 tags."""
    if len(tags) > _MAX_TAGS:
        raise ServiceQuotaExceededException(f"A resource has at most {_MAX_TAGS} tags")


def tag_resource(service: Service, *, resource_arn: str, tags: Mapping[str, str]) -> Reply:
    """Add or change tags."""
    with service.database.write() as transaction:
        collection = _collection(service, transaction.db, resource_arn)
        check_number_of_tags({**collections.tags(transaction.db, collection), **tags})
        collections.set_tags(transaction.db, collection, tags)
    return {}


def untag_resource(service: Service, *, resource_arn: str, tag_keys: Sequence[str]) -> Reply:
    """Remove tags."""
    with service.database.write() as transaction:
        collection = _collection(service, transaction.db, resource_arn)
        collections.remove_tags(transaction.db, collection, tag_keys)
    return {}


def list_tags_for_resource(service: Service, *, resource_arn: str) -> Reply:
    """A collection's tags."""
    with service.database.read() as db:
        return {"Tags": collections.tags(db, _collection(service, db, resource_arn))}


def _collection(service: Service, db: sqlite3.Connection, arn: str) -> Collection:
    """The collection of an ARN, with or without the "arn:" that CreateCollection's answer lacks."""
    full = arn if arn.startswith("arn:") else f"arn:{arn}"
    collection_id = full.removeprefix(service.arn(""))
    if collection_id == full:
        raise ResourceNotFoundException(f"The resource {arn} does not exist")
    return collections.get(db, collection_id)
