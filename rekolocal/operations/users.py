"""CreateUser, DeleteUser, ListUsers, AssociateFaces, DisassociateFaces."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rekolocal.errors import IdempotentParameterMismatchException, ServiceQuotaExceededException
from rekolocal.service import Service
from rekolocal.similarity import similarity_pct
from rekolocal.state import Transaction, collections, faces, users
from rekolocal.state.collections import Collection
from rekolocal.state.users import User

_PAGE = 100
_MAX_FACES_A_USER = 100
_DEFAULT_THRESHOLD_PCT = 75.0
_TOKENS_KEPT_S = 24 * 3600

_Work = Callable[[Transaction, Collection], dict[str, Any]]


def _once(service: Service, operation: str, request: Mapping[str, Any], work: _Work) -> dict[str, Any]:
    """Do `work` in one transaction; a ClientRequestToken seen before gets the first answer again.

    Raises IdempotentParameterMismatchException when the token came with other parameters.
    """
    token = request.get("ClientRequestToken")
    with service.database.write() as transaction:
        db = transaction.db
        collection = collections.get(db, request["CollectionId"])
        if token is None:
            return work(transaction, collection)
        digest = hashlib.sha256(json.dumps(dict(request), sort_keys=True).encode()).digest()
        db.execute("DELETE FROM answered WHERE answered_at < ?", (service.now() - _TOKENS_KEPT_S,))
        reply = _earlier_reply(db, (collection.key, operation, token), digest)
        if reply is None:
            reply = work(transaction, collection)
            answered = (collection.key, operation, token, digest, json.dumps(reply), service.now())
            db.execute("INSERT INTO answered VALUES (?, ?, ?, ?, ?, ?)", answered)
        return reply


def _earlier_reply(db: sqlite3.Connection, key: tuple[int, str, str], digest: bytes) -> dict[str, Any] | None:
    row = db.execute(
        "SELECT request_digest, reply FROM answered WHERE collection = ? AND operation = ? AND token = ?", key
    ).fetchone()
    if row is None:
        return None
    if row[0] != digest:
        raise IdempotentParameterMismatchException("The client request token was used with other parameters")
    reply: dict[str, Any] = json.loads(row[1])
    return reply


def create_user(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Make a user without faces."""

    def work(transaction: Transaction, collection: Collection) -> dict[str, Any]:
        users.insert(transaction.db, collection, request["UserId"])
        return {}

    return _once(service, "CreateUser", request, work)


def delete_user(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Delete a user; the faces stay in the collection."""

    def work(transaction: Transaction, collection: Collection) -> dict[str, Any]:
        user = users.get(transaction.db, collection, request["UserId"])
        users.delete(transaction.db, user)
        transaction.after_commit(lambda: service.user_index(collection.key).remove([user.key]))
        return {}

    return _once(service, "DeleteUser", request, work)


def list_users(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a collection's users, oldest first."""
    limit = request.get("MaxResults", _PAGE)
    listing = f"ListUsers {request['CollectionId']}"
    after = service.pages.last_key(listing, request.get("NextToken"))
    with service.database.read() as db:
        found = users.page(db, collections.get(db, request["CollectionId"]), after, limit + 1)
    now = service.now()
    reply: dict[str, Any] = {
        "Users": [{"UserId": user.id, "UserStatus": user.status(now)} for user in found[:limit]]
    }
    if len(found) > limit:
        reply["NextToken"] = service.pages.token(listing, found[limit - 1].key)
    return reply


def associate_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Give faces to a user; each must resemble the faces the user has already.

    Raises ServiceQuotaExceededException when the user would have more than 100.
    """

    def work(transaction: Transaction, collection: Collection) -> dict[str, Any]:
        db = transaction.db
        user = users.get(db, collection, request["UserId"])
        found = faces.with_ids(db, collection, request["FaceIds"])
        fitting: list[int] = []
        associated: list[dict[str, Any]] = []
        unsuccessful: list[dict[str, Any]] = []
        for face_id in dict.fromkeys(request["FaceIds"]):
            face = found.get(face_id)
            if face is None:
                unsuccessful.append({"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]})
            elif face.user_id is not None and face.user_id != user.id:
                reasons = ["ASSOCIATED_TO_A_DIFFERENT_USER"]
                unsuccessful.append({"FaceId": face_id, "UserId": face.user_id, "Reasons": reasons})
            elif face.user_id is None:
                confidence = _resemblance(db, user, face.key)
                if confidence < request.get("UserMatchThreshold", _DEFAULT_THRESHOLD_PCT):
                    reasons = ["LOW_MATCH_CONFIDENCE"]
                    unsuccessful.append({"FaceId": face_id, "Confidence": confidence, "Reasons": reasons})
                else:
                    fitting.append(face.key)
                    associated.append({"FaceId": face_id})
        if user.face_count + len(fitting) > _MAX_FACES_A_USER:
            raise ServiceQuotaExceededException(f"A user has at most {_MAX_FACES_A_USER} faces")
        users.assign(db, fitting, user)
        status = _renew(service, transaction, collection, user, changed=bool(fitting))
        return {
            "AssociatedFaces": associated,
            "UnsuccessfulFaceAssociations": unsuccessful,
            "UserStatus": status,
        }

    return _once(service, "AssociateFaces", request, work)


def _resemblance(db: sqlite3.Connection, user: User, face_key: int) -> float:
    """Similarity of a face to the user's vector, 0-100; a user without faces takes any."""
    if user.vector is None:
        return 100.0
    (vector,) = faces.vectors(db, [face_key])
    return float(similarity_pct(np.array([np.linalg.norm(vector - user.vector)], dtype=np.float32))[0])


def disassociate_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Take faces from a user; they stay in the collection."""

    def work(transaction: Transaction, collection: Collection) -> dict[str, Any]:
        db = transaction.db
        user = users.get(db, collection, request["UserId"])
        found = faces.with_ids(db, collection, request["FaceIds"])
        leaving: list[int] = []
        disassociated: list[dict[str, Any]] = []
        unsuccessful: list[dict[str, Any]] = []
        for face_id in dict.fromkeys(request["FaceIds"]):
            face = found.get(face_id)
            if face is None:
                unsuccessful.append({"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]})
            elif face.user_id == user.id:
                leaving.append(face.key)
                disassociated.append({"FaceId": face_id})
            elif face.user_id is not None:
                reasons = ["ASSOCIATED_TO_A_DIFFERENT_USER"]
                unsuccessful.append({"FaceId": face_id, "UserId": face.user_id, "Reasons": reasons})
        users.assign(db, leaving, None)
        status = _renew(service, transaction, collection, user, changed=bool(leaving))
        return {
            "DisassociatedFaces": disassociated,
            "UnsuccessfulFaceDisassociations": unsuccessful,
            "UserStatus": status,
        }

    return _once(service, "DisassociateFaces", request, work)


def _renew(
    service: Service, transaction: Transaction, collection: Collection, user: User, *, changed: bool
) -> str:
    """The user's vector from the faces it now has; the status to answer with."""
    if not changed:
        return user.status(service.now())
    keys = users.face_keys(transaction.db, user)
    vector = faces.vectors(transaction.db, keys).mean(axis=0) if keys else None
    users.set_vector(transaction.db, user, vector, service.now() + service.updating_s)

    def reindex() -> None:
        index = service.user_index(collection.key)
        index.remove([user.key])
        if vector is not None:
            index.add(np.array([user.key], dtype=np.int64), vector[None])

    transaction.after_commit(reindex)
    return "UPDATING"
