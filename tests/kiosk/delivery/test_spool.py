"""The spool on a real disk."""

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.client.capture_id import new_capture_id
from kiosk.delivery.outbox import Capture
from kiosk.delivery.spool import Bounds, DamagedCapture, Spool, SpoolUnusable

NOW_S = 1_795_000_000.0


def capture(picture: bytes = b"picture", *, unix_s: float = NOW_S) -> Capture:
    return Capture(new_capture_id(unix_s=lambda: unix_s), "front", picture, "track 1", 0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = Spool(folder, unix_s=lambda: NOW_S)
    yield spool
    spool.close()


def reopened(spool: Spool, folder: Path) -> Spool:
    spool.close()
    return Spool(folder, unix_s=lambda: NOW_S)


def test_a_capture_is_there_after_a_restart(spool: Spool, folder: Path) -> None:
    kept = capture()
    spool.add(kept)
    assert reopened(spool, folder).read(kept.capture_id) == kept


def test_captures_wait_oldest_first(spool: Spool) -> None:
    captures = [capture(unix_s=NOW_S - age) for age in (1, 5, 3)]
    for each in captures:
        spool.add(each)
    assert spool.waiting() == tuple(captures[index].capture_id for index in (1, 2, 0))


def test_nothing_is_left_of_a_delivered_capture(spool: Spool, folder: Path) -> None:
    kept = capture()
    spool.add(kept)
    spool.remove(kept.capture_id)
    assert list((folder / "waiting").iterdir()) == []
    with pytest.raises(KeyError):
        spool.read(kept.capture_id)


def test_a_refused_capture_is_set_aside_with_the_reason(spool: Spool, folder: Path) -> None:
    kept = capture()
    spool.add(kept)
    spool.refuse(kept.capture_id, "it is no picture")
    assert (
        json.loads((folder / "refused" / f"{kept.capture_id}.json").read_text())["refused"]
        == "it is no picture"
    )
    assert (folder / "refused" / f"{kept.capture_id}.jpg").read_bytes() == kept.picture
    assert (spool.state().waiting, spool.state().refused) == (0, 1)


def test_what_was_not_finished_when_the_power_went_is_cleared_away(spool: Spool, folder: Path) -> None:
    (folder / "waiting" / f"{new_capture_id()}.jpg").write_bytes(b"no JSON yet")
    (folder / "waiting" / f"{new_capture_id()}.jpg.part").write_bytes(b"half")
    (folder / "waiting" / f"{new_capture_id()}.json.part").write_bytes(b"{")
    again = reopened(spool, folder)
    assert again.waiting() == ()
    assert list((folder / "waiting").iterdir()) == []


@given(st.binary(max_size=400))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_document_was_overwritten_with_its_neighbours_are_delivered(
    spool: Spool, junk: bytes
) -> None:
    bad, good = capture(b"bad"), capture(b"good")
    spool.add(bad)
    spool.add(good)
    spool._files("waiting", bad.capture_id)[1].write_bytes(junk)
    with pytest.raises(DamagedCapture):
        spool.read(bad.capture_id)
    assert spool.read(good.capture_id) == good
    assert bad.capture_id not in spool.waiting()


def test_a_picture_that_rotted_is_set_aside(spool: Spool, folder: Path) -> None:
    kept = capture(b"a picture")
    spool.add(kept)
    (folder / "waiting" / f"{kept.capture_id}.jpg").write_bytes(b"a pictura")
    with pytest.raises(DamagedCapture):
        spool.read(kept.capture_id)
    assert spool.state().damaged == 1


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ENOSPC, errno.ENOMEM])
def test_a_picture_that_cannot_be_read_just_now_goes_on_waiting(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    kept = capture()
    spool.add(kept)
    with monkeypatch.context() as trouble:
        trouble.setattr(Path, "read_bytes", lambda file: failing(code))
        with pytest.raises(OSError, match=os.strerror(code)):
            spool.read(kept.capture_id)
    assert spool.read(kept.capture_id) == kept
    assert spool.state().damaged == 0


def test_with_no_more_files_to_open_the_state_is_what_was_known_last(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        spool.add(refused := capture(unix_s=NOW_S + number))
    spool.refuse(refused.capture_id, "no")
    before = spool.state()
    monkeypatch.setattr(Path, "iterdir", lambda folder: failing(errno.EMFILE))
    assert spool.state() == before
    assert (before.waiting, before.refused) == (1, 1)


def test_a_folder_that_cannot_be_listed_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Spool(folder).close()
    monkeypatch.setattr(Path, "iterdir", lambda folder: failing(errno.EIO))
    with pytest.raises(SpoolUnusable, match="cannot be read: Input/output error"):
        Spool(folder)


def failing(code: int) -> NoReturn:
    raise OSError(code, os.strerror(code))


def test_files_that_are_not_ours_do_not_stop_the_kiosk(spool: Spool, folder: Path) -> None:
    waiting = folder / "waiting"
    (waiting / "notes.json").write_text("{}")
    (waiting / f"{new_capture_id()}.json").write_text("{}")
    (waiting / "a folder").mkdir()
    (folder / "dropped").write_text("many")
    again = reopened(spool, folder)
    assert again.waiting() == ()
    assert (again.state().damaged, again.state().dropped) == (2, 0)


def test_past_its_size_the_oldest_are_dropped_and_counted(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(folder, bounds=Bounds(max_bytes=1000), unix_s=lambda: NOW_S)
    captures = [capture(bytes(300), unix_s=NOW_S + number) for number in range(5)]
    with caplog.at_level(logging.WARNING):
        for each in captures[:3]:
            spool.add(each)
        assert [record.message.split(":")[0] for record in caplog.records] == ["3 captures wait, 0 of 0 MB"]
        for each in captures[3:]:
            spool.add(each)
    assert spool.waiting() == tuple(each.capture_id for each in captures[2:])
    assert spool.state().dropped == 2
    assert reopened(spool, folder).state().dropped == 2


def test_past_its_age_a_capture_is_dropped(folder: Path) -> None:
    now = [NOW_S]
    spool = Spool(folder, bounds=Bounds(max_age_s=3600), unix_s=lambda: now[0])
    old, young = capture(), capture(unix_s=NOW_S + 3000)
    spool.add(old)
    now[0] += 3601
    spool.add(young)
    assert spool.waiting() == (young.capture_id,)


def test_a_clock_that_was_not_set_yet_drops_nothing(folder: Path) -> None:
    now = [60.0]  # a machine without a clock of its own starts in 1970
    spool = Spool(folder, unix_s=lambda: now[0])
    early = capture(unix_s=60.0)
    spool.add(early)
    now[0] = NOW_S
    spool.add(capture())
    assert early.capture_id in spool.waiting()


def test_a_clock_set_back_drops_nothing(folder: Path) -> None:
    now = [NOW_S]
    spool = Spool(folder, bounds=Bounds(max_age_s=3600), unix_s=lambda: now[0])
    spool.add(capture())
    now[0] -= 3600 * 24
    spool.add(capture(unix_s=now[0]))
    assert len(reopened(spool, folder).waiting()) == 2


def test_one_folder_serves_one_kiosk(spool: Spool, folder: Path) -> None:
    with pytest.raises(SpoolUnusable, match="another kiosk uses"):
        Spool(folder)


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolUnusable, match="captures cannot be kept in"):
        Spool(tmp_path / "file" / "spool")


def test_only_the_owner_can_read_the_pictures(spool: Spool, folder: Path) -> None:
    spool.add(capture())
    assert {file.stat().st_mode & 0o077 for file in (folder / "waiting").iterdir()} == {0}
    assert (folder / "waiting").stat().st_mode & 0o077 == 0


def test_refused_captures_do_not_fill_the_disk(folder: Path) -> None:
    spool = Spool(folder, bounds=Bounds(max_set_aside=3), unix_s=lambda: NOW_S)
    for number in range(5):
        each = capture(unix_s=NOW_S + number)
        spool.add(each)
        spool.refuse(each.capture_id, "no")
    assert spool.state().refused == 3


def test_refused_captures_go_when_they_are_too_old(folder: Path) -> None:
    now = [NOW_S]
    spool = Spool(folder, bounds=Bounds(max_age_s=3600), unix_s=lambda: now[0])
    for each in (capture(), capture(unix_s=NOW_S + 3000)):
        spool.add(each)
        spool.refuse(each.capture_id, "no")
    now[0] += 3700
    spool.close()
    Spool(folder, bounds=Bounds(max_age_s=3600), unix_s=lambda: now[0])
    assert [file.stem for file in (folder / "refused").glob("*.jpg")] == [each.capture_id]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and os.geteuid() == 0
    if (
        not mounted
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("a small disk can only be mounted by root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_keeps_what_it_has_and_takes_more_once_there_is_room(small_disk: Path) -> None:
    spool = Spool(small_disk / "spool", unix_s=lambda: NOW_S)
    kept = []

    def fill() -> None:
        for number in range(100):
            each = capture(bytes([number]) * 20_000, unix_s=NOW_S + number)
            spool.add(each)
            kept.append(each)

    with pytest.raises(OSError, match="No space left"):
        fill()
    assert 3 < len(kept) < 100
    spool = reopened(spool, small_disk / "spool")
    assert [spool.read(capture_id) for capture_id in spool.waiting()] == kept
    spool.remove(kept[0].capture_id)
    spool.add(capture(b"one more", unix_s=NOW_S + 200))
    assert spool.state().damaged == 0
    spool.close()


def test_a_limit_on_file_size_is_survived_like_a_full_disk(folder: Path) -> None:
    program = f"""
import resource, signal
from pathlib import Path
from kiosk.delivery.spool import Spool
from tests.kiosk.delivery.test_spool import capture
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
spool = Spool(Path({str(folder)!r}))
spool.add(capture(b"small"))
try:
    spool.add(capture(bytes(20_000)))
except OSError as error:
    print("refused", len(spool.waiting()), len(list((Path({str(folder)!r}) / "waiting").iterdir())))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "refused 1 2\n"


class SpoolMachine(RuleBasedStateMachine):
    """Any order of adding, delivering, refusing and restarting leaves what a simple list would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = Spool(self.folder, unix_s=lambda: NOW_S)
        self.expected: dict[str, Capture] = {}

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)

    @rule(picture=st.binary(max_size=50), age_s=st.integers(-100_000, 100_000))
    def add(self, picture: bytes, age_s: int) -> None:
        each = capture(picture, unix_s=NOW_S - age_s)
        self.spool.add(each)
        self.expected[each.capture_id] = each

    @rule(index=st.integers(0, 20), refused=st.booleans())
    def end(self, index: int, refused: bool) -> None:
        if self.expected:
            capture_id = sorted(self.expected)[index % len(self.expected)]
            del self.expected[capture_id]
            self.spool.refuse(capture_id, "no") if refused else self.spool.remove(capture_id)

    @rule(index=st.integers(0, 20), code=st.sampled_from([errno.EMFILE, errno.EIO, errno.ENOSPC]))
    def be_in_trouble(self, index: int, code: int) -> None:
        with pytest.MonkeyPatch.context() as trouble:
            trouble.setattr(Path, "read_bytes", lambda file: failing(code))
            trouble.setattr(Path, "replace", lambda file, to: failing(code))
            if self.expected:
                with pytest.raises(OSError, match=os.strerror(code)):
                    self.spool.read(sorted(self.expected)[index % len(self.expected)])
            with pytest.raises(OSError, match=os.strerror(code)):
                self.spool.add(capture())

    @rule()
    def restart(self) -> None:
        self.spool = reopened(self.spool, self.folder)

    @invariant()
    def holds_what_was_added(self) -> None:
        assert self.spool.waiting() == tuple(sorted(self.expected))
        assert {capture_id: self.spool.read(capture_id) for capture_id in self.expected} == self.expected
        assert self.spool.state().waiting_bytes == sum(len(each.picture) for each in self.expected.values())


TestSpoolMachine = SpoolMachine.TestCase
TestSpoolMachine.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
