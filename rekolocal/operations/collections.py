"""CreateCollection, DescribeCollection, ListCollections, DeleteCollection."""

from collections.abc import Mapping
from typing import Any

from rekolocal.operations.tags import check_number_of_tags
from rekolocal.service import FACE_MODEL_VERSION, Service
from rekolocal.state import collections

_PAGE = 1000


def create_collection(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Make an empty collection."""
    tags = request.get("Tags", {})
    check_number_of_tags(tags)
    with service.database.write() as transaction:
        collection = collections.insert(transaction.db, request["CollectionId"], service.now())
        collections.set_tags(transaction.db, collection, tags)
    return {
        "StatusCode": 200,
        # AWS's own answer leaves out the leading "arn:" here, and here only.
        "CollectionArn": service.arn(collection.id).removeprefix("arn:"),
        "FaceModelVersion": FACE_MODEL_VERSION,
    }


def describe_collection(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Count a collection's faces and users."""
    with service.database.read() as db:
        collection = collections.get(db, request["CollectionId"])
        faces, users = collections.count(db, collection)
    return {
        "FaceCount": faces,
        "UserCount": users,
        "FaceModelVersion": FACE_MODEL_VERSION,
        "CollectionARN": service.arn(collection.id),
        "CreationTimestamp": collection.created_at,
    }


def list_collections(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """A page of collections, oldest first."""
    limit = request.get("MaxResults") or _PAGE
    after = service.pages.last_key("ListCollections", request.get("NextToken"))
    with service.database.read() as db:
        found = collections.page(db, after, limit + 1)
    reply: dict[str, Any] = {
        "CollectionIds": [collection.id for collection in found[:limit]],
        "FaceModelVersions": [FACE_MODEL_VERSION for _ in found[:limit]],
    }
    if len(found) > limit:
        reply["NextToken"] = service.pages.token("ListCollections", found[limit - 1].key)
    return reply


def delete_collection(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Delete a collection with its faces, users and tags."""
    with service.database.write() as transaction:
        collection = collections.get(transaction.db, request["CollectionId"])
        collections.delete(transaction.db, collection)
        transaction.after_commit(lambda: service.forget_collection(collection.key))
    return {"StatusCode": 200}
