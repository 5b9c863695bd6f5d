"""What stands in the data folder is looked at before a stack starts, and said in a sentence."""

import errno
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.data_folder import DataFolder, DataInUse, DataUnusable
from tests.local.runtime.test_functions import environment


@pytest.fixture
def folder(data: Path) -> DataFolder:
    return DataFolder(data).make()


@pytest.mark.parametrize("key", [b"", b"short", bytes(32)], ids=["empty", "short", "zeros"])
def test_a_signing_key_that_can_be_guessed_is_refused(folder: DataFolder, key: bytes) -> None:
    folder.key.write_bytes(key)
    with pytest.raises(DataUnusable, match=rf"signing.key is damaged \({len(key)} bytes\); .* delete it"):
        folder.make()


def test_a_deleted_signing_key_is_made_again(folder: DataFolder) -> None:
    before = folder.signing_key()
    folder.key.unlink()
    assert len(folder.make().signing_key()) == 32
    assert folder.signing_key() != before


def test_a_signing_key_that_cannot_be_read_is_a_sentence(folder: DataFolder) -> None:
    folder.key.unlink()
    folder.key.mkdir()
    with pytest.raises(DataUnusable, match="check its permissions"):
        folder.make()


@pytest.fixture
def read_only() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as parent:  # pytest's own folders are closed to other users
        Path(parent).chmod(0o755)
        folder = Path(parent) / "data"
        folder.mkdir()
        (folder / "signing.key").write_bytes(bytes(range(32)))
        (folder / "lock").touch()
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


# Root writes everywhere, so the folder is opened as somebody else.
AS_ANOTHER = """
import os, sys
from pathlib import Path
from local.data_folder import DataFolder, DataUnusable
if os.getuid() == 0:
    os.setuid(65534)
try:
    DataFolder(Path(sys.argv[1])).make()
except DataUnusable as error:
    print(error)
"""


def test_a_read_only_folder_is_a_sentence(read_only: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(read_only)],
        env=environment(read_only),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.startswith(f"{read_only} cannot hold the data (Permission denied); check its permissions")


def test_a_full_disk_is_a_sentence_that_asks_for_space(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(DataUnusable, match=r"cannot hold the data \(No space .*\); free some space$"):
            DataFolder(data).make()
    assert list(data.iterdir()) == []
    assert len(DataFolder(data).make().signing_key()) == 32


def test_a_lock_that_cannot_be_taken_is_not_another_stack(folder: DataFolder) -> None:
    (folder.root / "lock").write_bytes(b"no database at all, and long enough to be looked at" * 20)
    with pytest.raises(DataUnusable, match="lock: file is not a database"):
        folder.lock()


def test_the_signing_key_is_made_once_and_for_its_owner_alone(folder: DataFolder) -> None:
    key = folder.signing_key()
    assert len(key) == 32
    assert folder.key.stat().st_mode & 0o077 == 0
    assert folder.make().signing_key() == key


def test_one_stack_at_a_time_holds_the_data_folder(folder: DataFolder) -> None:
    held = folder.lock()
    with pytest.raises(DataInUse):
        folder.lock()
    held.close()
    folder.lock().close()
