"""CreateUser, DeleteUser, ListUsers, AssociateFaces, DisassociateFaces."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence

import numpy as np

from rekolocal.engine.faces import mean_of
from rekolocal.errors import IdempotentParameterMismatchException, ServiceQuotaExceededException
from rekolocal.operations.replies import Reply
from rekolocal.service import Service
from rekolocal.similarity import SCALES
from rekolocal.state import Transaction, collections, faces, users
from rekolocal.state.collections import Collection
from rekolocal.state.faces import StoredFace
from rekolocal.state.users import User

_PAGE = 100
_MAX_FACES_A_USER = 100
_TOKENS_KEPT_S = 24 * 3600

_Work = Callable[[Transaction, Collection], Reply]


def _once(
    service: Service, collection_id: str, token: str | None, request: Sequence[object], work: _Work
) -> Reply:
    """Do `work` in one transaction; a ClientRequestToken seen before gets the first answer again.

    `request`: the operation's name, and all its parameters. Raises IdempotentParameterMismatchException when
    the token came with other parameters.
    """
    operation = request[0]
    with service.database.write() as transaction:
        db = transaction.db
        collection = collections.get(db, collection_id)
        if token is None:
            return work(transaction, collection)
        digest = hashlib.sha256(json.dumps(request).encode()).digest()
        db.execute("DELETE FROM answered WHERE answered_at < ?", (service.now() - _TOKENS_KEPT_S,))
        row = db.execute(
            "SELECT request_digest, reply FROM answered WHERE collection = ? AND operation = ? AND token = ?",
            (collection.key, operation, token),
        ).fetchone()
        if row is None:
            reply = work(transaction, collection)
            answered = (collection.key, operation, token, digest, json.dumps(reply), service.now())
            db.execute("INSERT INTO answered VALUES (?, ?, ?, ?, ?, ?)", answered)
            return reply
        if row[0] != digest:
            message = "The client request token was used with other parameters"
            raise IdempotentParameterMismatchException(message)
        return dict(json.loads(row[1]))


def create_user(
    service: Service, *, collection_id: str, user_id: str, client_request_token: str | None = None
) -> Reply:
    """Make a user without faces."""

    def work(transaction: Transaction, collection: Collection) -> Reply:
        users.insert(transaction.db, collection, user_id)
        return {}

    return _once(service, collection_id, client_request_token, ["CreateUser", user_id], work)


def delete_user(
    service: Service, *, collection_id: str, user_id: str, client_request_token: str | None = None
) -> Reply:
    """Delete a user; the faces stay in the collection."""

    def work(transaction: Transaction, collection: Collection) -> Reply:
        user = users.get(transaction.db, collection, user_id)
        users.delete(transaction.db, user)
        transaction.after_commit(lambda: service.user_index(collection.key).remove([user.key]))
        return {}

    return _once(service, collection_id, client_request_token, ["DeleteUser", user_id], work)


def list_users(
    service: Service, *, collection_id: str, max_results: int = _PAGE, next_token: str | None = None
) -> Reply:
    """A page of a collection's users, oldest first."""
    listing = f"ListUsers {collection_id}"
    after = service.pages.last_key(listing, next_token)
    with service.database.read() as db:
        found = users.page(db, collections.get(db, collection_id), after, max_results + 1)
    now = service.now()
    return {
        "Users": [{"UserId": user.id, "UserStatus": user.status(now)} for user in found[:max_results]],
        **service.pages.next_page(listing, [user.key for user in found], max_results),
    }


def associate_faces(
    service: Service, *, collection_id: str, user_id: str, face_ids: Sequence[str],
    user_match_threshold: float = 75.0, client_request_token: str | None = None,
) -> Reply:  # fmt: skip
    """Give faces to a user; each must resemble the faces the user has already.

    Raises ServiceQuotaExceededException when the user would have more than 100.
    """

    def work(transaction: Transaction, collection: Collection) -> Reply:
        db = transaction.db
        user = users.get(db, collection, user_id)
        available, unsuccessful = _of_nobody_else(db, collection, user, face_ids)
        joining: list[StoredFace] = []
        for face in available:
            if face.user_id is not None:
                continue  # the user's already
            confidence = _resemblance(db, collection, user, face.key)
            if confidence < user_match_threshold:
                reasons = ["LOW_MATCH_CONFIDENCE"]
                unsuccessful.append({"FaceId": str(face.id), "Confidence": confidence, "Reasons": reasons})
            else:
                joining.append(face)
        if user.face_count + len(joining) > _MAX_FACES_A_USER:
            raise ServiceQuotaExceededException(f"A user has at most {_MAX_FACES_A_USER} faces")
        users.assign(db, [face.key for face in joining], user)
        return {
            "AssociatedFaces": [{"FaceId": str(face.id)} for face in joining],
            "UnsuccessfulFaceAssociations": unsuccessful,
            "UserStatus": _renew(service, transaction, collection, user, changed=bool(joining)),
        }

    request = ["AssociateFaces", user_id, *face_ids, user_match_threshold]
    return _once(service, collection_id, client_request_token, request, work)


def disassociate_faces(
    service: Service, *, collection_id: str, user_id: str, face_ids: Sequence[str],
    client_request_token: str | None = None,
) -> Reply:  # fmt: skip
    """Take faces from a user; they stay in the collection."""

    def work(transaction: Transaction, collection: Collection) -> Reply:
        db = transaction.db
        user = users.get(db, collection, user_id)
        available, unsuccessful = _of_nobody_else(db, collection, user, face_ids)
        leaving = [face for face in available if face.user_id is not None]
        users.assign(db, [face.key for face in leaving], None)
        return {
            "DisassociatedFaces": [{"FaceId": str(face.id)} for face in leaving],
            "UnsuccessfulFaceDisassociations": unsuccessful,
            "UserStatus": _renew(service, transaction, collection, user, changed=bool(leaving)),
        }

    request = ["DisassociateFaces", user_id, *face_ids]
    return _once(service, collection_id, client_request_token, request, work)


def _of_nobody_else(
    db: sqlite3.Connection, collection: Collection, user: User, face_ids: Sequence[str]
) -> tuple[list[StoredFace], list[Reply]]:
    """The faces that are the user's or nobody's; the others, with the reason."""
    found = faces.with_ids(db, collection, face_ids)
    available: list[StoredFace] = []
    unsuccessful: list[Reply] = []
    for face_id in dict.fromkeys(face_ids):
        face = found.get(face_id)
        if face is None:
            unsuccessful.append({"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]})
        elif face.user_id not in (None, user.id):
            reasons = ["ASSOCIATED_TO_A_DIFFERENT_USER"]
            unsuccessful.append({"FaceId": face_id, "UserId": face.user_id, "Reasons": reasons})
        else:
            available.append(face)
    return available, unsuccessful


def _resemblance(db: sqlite3.Connection, collection: Collection, user: User, face_key: int) -> float:
    """Similarity of a face to the user's vector, 0-100; a user without faces takes any."""
    if user.vector is None:
        return 100.0
    (vector,) = faces.vectors(db, [face_key])
    distance = np.array([np.linalg.norm(vector - user.vector)], dtype=np.float32)
    return float(SCALES[collection.model].similarity_pct(distance)[0])


def _renew(
    service: Service, transaction: Transaction, collection: Collection, user: User, *, changed: bool
) -> str:
    """The user's vector from the faces it now has; the status to answer with."""
    if not changed:
        return user.status(service.now())
    collection.check_model()
    keys = users.face_keys(transaction.db, user)
    vector = mean_of(faces.vectors(transaction.db, keys)) if keys else None
    users.set_vector(transaction.db, user, vector, service.now() + service.updating_s)

    def reindex() -> None:
        index = service.user_index(collection.key)
        index.remove([user.key])
        if vector is not None:
            index.add(np.array([user.key], dtype=np.int64), vector[None])

    transaction.after_commit(reindex)
    return "UPDATING"
