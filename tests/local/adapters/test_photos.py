"""Tickets and links that are checked, files that are private, and being told of what was stored."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from local.adapters.photos import PHOTOS_PATH, FilePhotoStore, SignatureRefused
from recognizeme.domain.errors import InvalidRequest, NotFound, PictureTooLarge

KEY = "enrollments/Ada/ü +1.jpg"
JPEG = b"\xff\xd8\xff\xe0 a picture"


class World:
    """A store, its clock, and what it said was stored."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.time = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        self.stored: list[tuple[str, int]] = []
        self.photos = self.store(b"key")

    def store(self, signing_key: bytes) -> FilePhotoStore:
        return FilePhotoStore(
            self.root,
            base_url="http://127.0.0.1:8000",
            signing_key=signing_key,
            on_stored=self.on_stored,
            now=lambda: self.time,
        )

    def on_stored(self, key: str, size_bytes: int, _busy_s: float) -> None:
        assert self.photos.read(key), "whoever is told can read it"
        self.stored.append((key, size_bytes))

    def fields(self, *, max_bytes: int = 100) -> dict[str, str]:
        expires_at = self.time + timedelta(minutes=5)
        ticket = self.photos.ticket(KEY, "image/jpeg", max_bytes=max_bytes, expires_at=expires_at)
        assert ticket.url == "http://127.0.0.1:8000/_local/uploads"
        return dict(ticket.fields)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "photos")


def test_an_upload_is_announced_once_it_is_stored(world: World) -> None:
    assert world.photos.accept(world.fields(), JPEG) == KEY
    assert world.stored == [(KEY, len(JPEG))]


def test_a_ticket_serves_again_when_its_answer_was_lost(world: World) -> None:
    fields = world.fields()
    for _ in range(2):
        world.photos.accept(fields, JPEG)
    assert list(world.photos.keys("")) == [KEY]


def test_an_expired_ticket_is_refused(world: World) -> None:
    fields = world.fields()
    world.time += timedelta(minutes=5)
    with pytest.raises(SignatureRefused, match="expired"):
        world.photos.accept(fields, JPEG)
    assert world.stored == []


@pytest.mark.parametrize(
    "change",
    [
        {"key": "enrollments/Bob/a.jpg"},
        {"Content-Type": "text/html"},
        {"signature": "0" * 64},
        {"signature": ""},
        {"signature": "\ud800é"},
        {"policy": "e30="},
        {"policy": "not base64 é"},
    ],
    ids=str,
)
def test_a_changed_ticket_is_refused(world: World, change: dict[str, str]) -> None:
    with pytest.raises(SignatureRefused):
        world.photos.accept(world.fields() | change, JPEG)
    assert list(world.photos.keys("")) == []


@pytest.mark.parametrize("missing", ["key", "Content-Type", "policy", "signature"])
def test_a_field_that_is_missing_is_named(world: World, missing: str) -> None:
    fields = world.fields()
    del fields[missing]
    with pytest.raises(InvalidRequest, match=missing):
        world.photos.accept(fields, JPEG)


def test_a_ticket_of_another_stack_is_refused(world: World) -> None:
    fields = world.fields()
    with pytest.raises(SignatureRefused):
        world.store(b"another key").accept(fields, JPEG)


def test_a_picture_may_be_as_large_as_the_ticket_says_and_no_larger(world: World) -> None:
    fields = world.fields(max_bytes=len(JPEG))
    world.photos.accept(fields, JPEG)
    with pytest.raises(PictureTooLarge, match=f"larger than {len(JPEG)} bytes"):
        world.photos.accept(fields, JPEG + b"!")
    with pytest.raises(InvalidRequest, match="empty"):
        world.photos.accept(fields, b"")


def test_what_cannot_be_announced_is_not_acknowledged(tmp_path: Path) -> None:
    def broken(_key: str, _size_bytes: int, _busy_s: float) -> None:
        raise RuntimeError("the queue is gone")

    photos = FilePhotoStore(tmp_path, base_url="", signing_key=b"key", on_stored=broken)
    with pytest.raises(RuntimeError, match="the queue is gone"):
        photos.write(KEY, JPEG, "image/jpeg")


def opened(world: World, url: str, **changes: str) -> tuple[bytes, str]:
    parts = urlsplit(url)
    terms = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    key = changes.get("key", unquote(parts.path.removeprefix(PHOTOS_PATH)))
    shown = world.photos.open_link(key, expires=terms["expires"], signature=terms["signature"])
    return shown.picture, shown.content_type


@pytest.mark.parametrize(
    ("picture", "content_type"),
    [
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"<script>alert(1)</script>", "application/octet-stream"),
    ],
)
def test_a_link_shows_the_picture_as_what_it_is(world: World, picture: bytes, content_type: str) -> None:
    world.photos.write(KEY, picture, "image/jpeg")
    link = world.photos.link(KEY, expires_at=world.time + timedelta(seconds=60))
    assert link.startswith("http://127.0.0.1:8000/_local/photos/enrollments/Ada/")
    assert opened(world, link) == (picture, content_type)


def test_a_link_ends(world: World) -> None:
    world.photos.write(KEY, JPEG, "image/jpeg")
    link = world.photos.link(KEY, expires_at=world.time + timedelta(seconds=60))
    world.time += timedelta(seconds=60)
    with pytest.raises(SignatureRefused, match="expired"):
        opened(world, link)


@pytest.mark.parametrize(
    "change",
    [{"expires": "99999999999"}, {"key": "enrollments/Bob/a.jpg"}, {"signature": "x"}, {"expires": "x"}],
)
def test_a_changed_link_is_refused(world: World, change: dict[str, str]) -> None:
    for key in (KEY, "enrollments/Bob/a.jpg"):
        world.photos.write(key, JPEG, "image/jpeg")
    link = world.photos.link(KEY, expires_at=world.time + timedelta(seconds=60))
    with pytest.raises(SignatureRefused):
        opened(world, link, **change)


def test_a_link_does_not_serve_for_another_split_of_its_text(world: World) -> None:
    for key in ("9a", "a"):
        world.photos.write(key, JPEG, "image/jpeg")
    link = world.photos.link("9a", expires_at=world.time + timedelta(seconds=60))
    (expires,) = parse_qs(urlsplit(link).query)["expires"]
    with pytest.raises(SignatureRefused):
        opened(world, link, key="a", expires=f"{expires}9")


def test_a_link_to_a_picture_that_was_removed_finds_nothing(world: World) -> None:
    link = world.photos.link(KEY, expires_at=world.time + timedelta(seconds=60))
    with pytest.raises(NotFound):
        opened(world, link)


def test_files_and_folders_are_for_their_owner_only(world: World) -> None:
    world.photos.write(KEY, JPEG, "image/jpeg")
    for path in (world.root, *world.root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_nothing_of_a_person_s_id_stays_in_a_folder_s_name(world: World) -> None:
    world.photos.write(KEY, JPEG, "image/jpeg")
    world.photos.delete([KEY])
    assert [path.name for path in world.root.rglob("*")] == [".incoming"]


def test_pictures_come_and_go_in_one_folder_without_disturbing_each_other(world: World) -> None:
    def come_and_go(number: int) -> None:
        key = f"enrollments/ada/{'x' * 300}/{number}.jpg"  # folders within folders, emptied again and again
        for _ in range(40):
            world.photos.write(key, JPEG, "image/jpeg")
            assert world.photos.read(key) == JPEG
            assert world.photos.delete([key]) == 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come_and_go, range(4)))
    assert list(world.photos.keys("")) == []


def test_files_that_somebody_else_put_there_are_no_pictures(world: World) -> None:
    world.photos.write(KEY, JPEG, "image/jpeg")
    folder = next(path for path in world.root.iterdir() if path.name != ".incoming")
    (folder / ".DS_Store").touch()
    (folder / "Thumbs.db").touch()
    (world.root / "README").touch()
    assert list(world.photos.keys("")) == [KEY]
    assert world.photos.delete([KEY]) == 1
    assert (folder / "Thumbs.db").exists()


def test_what_a_killed_process_left_is_swept_up_but_not_what_is_being_written(world: World) -> None:
    old, fresh = (world.root / ".incoming" / name for name in ("old", "fresh"))
    for path, age_s in ((old, 3700), (fresh, 60)):
        path.touch()
        written_s = world.time.timestamp() - age_s
        os.utime(path, (written_s, written_s))
    world.store(b"key")
    assert (old.exists(), fresh.exists()) == (False, True)


def test_old_captures_expire_and_enrollment_photos_do_not(world: World) -> None:
    captures = [f"captures/front/2026/11/{day}/a.jpg" for day in (1, 20)]
    for key in (*captures, KEY):
        world.photos.write(key, JPEG, "image/jpeg")
    (long_ago,) = (path for path in world.root.rglob("a.jpg") if ",11,1," in str(path))
    os.utime(long_ago, (0, 0))
    assert world.photos.expire("captures/", before=world.time - timedelta(days=30)) == 1
    assert sorted(world.photos.keys("")) == [captures[1], KEY]
