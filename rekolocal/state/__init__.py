"""What is kept: collections, faces with their vectors, users and tags, in one SQLite file."""

from rekolocal.state.database import Database, FolderTaken, Transaction

__all__ = ["Database", "FolderTaken", "Transaction"]
