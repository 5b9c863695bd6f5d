"""CreateCollection, DescribeCollection, ListCollections, DeleteCollection."""

from collections.abc import Mapping

from rekolocal.operations.replies import Reply
from rekolocal.operations.tags import check_number_of_tags
from rekolocal.service import Service
from rekolocal.state import collections

_PAGE = 1000


def create_collection(
    service: Service, *, collection_id: str, tags: Mapping[str, str] | None = None
) -> Reply:
    """Make an empty collection."""
    tags = tags or {}
    check_number_of_tags(tags)
    with service.database.write() as transaction:
        collection = collections.insert(transaction.db, collection_id, service.now())
        collections.set_tags(transaction.db, collection, tags)
    return {
        "StatusCode": 200,
        # AWS's own answer leaves out the leading "arn:" here, and here only.
        "CollectionArn": service.arn(collection.id).removeprefix("arn:"),
        "FaceModelVersion": collection.model,
    }


def describe_collection(service: Service, *, collection_id: str) -> Reply:
    """Count a collection's faces and users."""
    with service.database.read() as db:
        collection = collections.get(db, collection_id)
        faces, users = collections.count(db, collection)
    return {
        "FaceCount": faces,
        "UserCount": users,
        "FaceModelVersion": collection.model,
        "CollectionARN": service.arn(collection.id),
        "CreationTimestamp": collection.created_at,
    }


def list_collections(service: Service, *, max_results: int = 0, next_token: str | None = None) -> Reply:
    """A page of collections, oldest first."""
    limit = max_results or _PAGE
    after = service.pages.last_key("ListCollections", next_token)
    with service.database.read() as db:
        found = collections.page(db, after, limit + 1)
    page = found[:limit]
    return {
        "CollectionIds": [collection.id for collection in page],
        "FaceModelVersions": [collection.model for collection in page],
        **service.pages.next_page("ListCollections", [collection.key for collection in found], limit),
    }


def delete_collection(service: Service, *, collection_id: str) -> Reply:
    """Delete a collection with its faces, users and tags."""
    with service.database.write() as transaction:
        collection = collections.get(transaction.db, collection_id)
        collections.delete(transaction.db, collection)
        transaction.after_commit(lambda: service.forget_collection(collection.key))
    return {"StatusCode": 200}
