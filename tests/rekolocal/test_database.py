"""The file that everything is kept in."""

import sqlite3
from pathlib import Path

import pytest

from rekolocal.errors import ResourceAlreadyExistsException, ResourceNotFoundException
from rekolocal.state import Database, FolderTaken, collections


def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path)
    done: list[str] = []

    def insert_twice() -> None:
        with database.write() as transaction:
            collections.insert(transaction.db, "employees", 1.0)
            transaction.after_commit(lambda: done.append("indexed"))
            collections.insert(transaction.db, "employees", 1.0)

    with pytest.raises(ResourceAlreadyExistsException):
        insert_twice()
    with database.read() as db, pytest.raises(ResourceNotFoundException):
        collections.get(db, "employees")
    assert done == []
    database.close()


def test_what_is_to_be_done_after_the_commit_sees_it_committed(tmp_path: Path) -> None:
    database = Database(tmp_path)
    seen: list[int] = []

    def look() -> None:
        with sqlite3.connect(tmp_path / "rekolocal.sqlite3") as other:
            seen.append(other.execute("SELECT count(*) FROM collections").fetchone()[0])

    with database.write() as transaction:
        collections.insert(transaction.db, "employees", 1.0)
        transaction.after_commit(look)
        assert seen == []
    assert seen == [1]
    database.close()


def test_commits_wait_for_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.write() as transaction:
        assert transaction.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert transaction.db.execute("PRAGMA synchronous").fetchone() == (2,)
    database.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.read() as db, pytest.raises(sqlite3.OperationalError):
        db.execute("DELETE FROM collections")
    database.close()


def test_one_folder_has_one_server(tmp_path: Path) -> None:
    first = Database(tmp_path)
    with pytest.raises(FolderTaken):
        Database(tmp_path)
    first.close()
    Database(tmp_path).close()


def test_a_key_is_never_used_again(tmp_path: Path) -> None:
    database = Database(tmp_path)
    keys = []
    for _ in range(3):
        with database.write() as transaction:
            collection = collections.insert(transaction.db, "employees", 1.0)
            collections.delete(transaction.db, collection)
            keys.append(collection.key)
    assert len(set(keys)) == 3
    database.close()


def test_a_file_of_another_schema_is_left_alone(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with sqlite3.connect(tmp_path / "rekolocal.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(RuntimeError, match="schema 99"):
        Database(tmp_path)


def test_the_secret_stays_the_same(tmp_path: Path) -> None:
    secrets = []
    for _ in range(2):
        database = Database(tmp_path)
        secrets.append(database.secret())
        database.close()
    assert secrets[0] == secrets[1]
    assert len(secrets[0]) == 32
