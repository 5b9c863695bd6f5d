"""The operations: functions of the service and a request's members, which give a reply's members.

A request's members come as keyword arguments with Python's names (`max_faces` for MaxFaces), checked against
the operation's input shape; the tests hold each function's parameters against that shape, too.
"""

from collections.abc import Callable

from rekolocal.operations import collections, faces, images, searches, tags, users
from rekolocal.operations.replies import Reply

Operation = Callable[..., Reply]

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
