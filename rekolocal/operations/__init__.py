"""The operations: each takes the service and a checked request, and gives the reply's members."""

from collections.abc import Callable, Mapping
from typing import Any

from rekolocal.operations import collections, faces, images, searches, tags, users
from rekolocal.service import Service

Operation = Callable[[Service, Mapping[str, Any]], dict[str, Any]]

OPERATIONS: dict[str, Operation] = {
    "AssociateFaces": users.associate_faces,
    "CompareFaces": images.compare_faces,
    "CreateCollection": collections.create_collection,
    "CreateUser": users.create_user,
    "DeleteCollection": collections.delete_collection,
    "DeleteFaces": faces.delete_faces,
    "DeleteUser": users.delete_user,
    "DescribeCollection": collections.describe_collection,
    "DetectFaces": images.detect_faces,
    "DisassociateFaces": users.disassociate_faces,
    "IndexFaces": faces.index_faces,
    "ListCollections": collections.list_collections,
    "ListFaces": faces.list_faces,
    "ListTagsForResource": tags.list_tags_for_resource,
    "ListUsers": users.list_users,
    "SearchFaces": searches.search_faces,
    "SearchFacesByImage": searches.search_faces_by_image,
    "SearchUsers": searches.search_users,
    "SearchUsersByImage": searches.search_users_by_image,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
}
