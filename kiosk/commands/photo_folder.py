"""Who is to be enrolled from the folders and files that people have."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from kiosk.client.names import is_full_name, is_name, name_of_file, readable_name, same_name, words

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp", ".gif"}
)
LIST_SUFFIXES = frozenset({".csv", ".xlsx"})
_CAMERA_NAME = (
    "nobody is called so: put it into a folder named after the person, rename it, or give --name NAME"
)
_UNCLEAR = (
    "one person or several? Give --name NAME when everything in this folder shows one person, --by-file when"
    " each file is named after somebody"
)


@dataclass(frozen=True, slots=True)
class Portrait:
    """One photo file and whom it shows; `photo_id` tells that person's photos apart.

    `person_id` is what a list says; without it, the name makes the id. So with `consent_at`: ISO 8601, and
    `groups`.
    """

    file: Path
    name: str
    photo_id: str
    person_id: str | None = None
    consent_at: str | None = None
    groups: tuple[str, ...] = ()

    @property
    def person(self) -> str:
        """What is the same for all photos of one person."""
        return self.person_id or same_name(self.name)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file or folder that is not enrolled, and why; `refused` when it should have been."""

    file: Path
    reason: str
    refused: bool = False


Found = Portrait | PassedOver


class Questions(Protocol):
    """What only a person can answer; None when nobody does."""

    def whom(self, file: Path) -> str | None:
        """The name of whom a file with a camera's name shows."""

    def one_person(self, folder: Path, files: list[str]) -> bool | None:
        """Whether the pictures of a folder all show the person it is named after."""


class Nobody:
    """Where nobody can be asked."""

    def whom(self, file: Path) -> str | None:
        """Nothing."""
        return None

    def one_person(self, folder: Path, files: list[str]) -> bool | None:
        """Nothing."""
        return None


def portraits(
    paths: Iterable[Path],
    *,
    name: str | None = None,
    by_file: bool = False,
    questions: Questions | None = None,
) -> Iterator[Found]:
    """Everything found under `paths`, sorted: photos and whom they show, and what is passed over and why.

    With `name`, everything is of that one person; with `by_file`, each file is named after somebody. A
    photo's id is its path below the person's folder.
    """
    walk = _Walk(name, by_file, questions or Nobody())
    known: set[tuple[str, str]] = set()
    seen: set[Path] = set()
    for path in paths:
        for found in walk.argument(path):
            if isinstance(found, Portrait):
                if (file := found.file.resolve()) in seen:
                    continue  # one PATH lies in another, or was given twice
                seen.add(file)
                found = unique(found, known)
            yield found


def unique(portrait: Portrait, known: set[tuple[str, str]]) -> Portrait:
    """The portrait, with its folder's name in the photo id where that person has the id already."""
    photo_id = unicodedata.normalize("NFC", portrait.photo_id)
    names = [*reversed(portrait.file.parent.parts), "again"]
    while (portrait.person, photo_id) in known:
        photo_id = unicodedata.normalize("NFC", f"{names.pop(0)}-{photo_id}".replace("/", ""))
    known.add((portrait.person, photo_id))
    return replace(portrait, photo_id=photo_id)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder's entries, sorted, and what is passed over in it."""

    path: Path
    pictures: list[Path]
    folders: list["_Folder"]
    passed_over: list[PassedOver]

    @property
    def name(self) -> str:
        return self.path.resolve().name

    @property
    def has_pictures(self) -> bool:
        return bool(self.pictures) or any(folder.has_pictures for folder in self.folders)

    def names_below(self) -> Iterator[str]:
        """What the folders below it that hold pictures are called."""
        for folder in self.folders:
            if folder.has_pictures:
                yield folder.name
                yield from folder.names_below()

    def everything(self) -> Iterator[Path | PassedOver]:
        yield from self.pictures
        yield from self.passed_over
        for folder in self.folders:
            yield from folder.everything()


@dataclass(frozen=True, slots=True)
class _Walk:
    name: str | None
    by_file: bool
    questions: Questions

    def argument(self, path: Path) -> Iterator[Found]:
        if not path.is_dir():
            yield self._loose(path, set()) if is_picture(path) else _no_picture(path)
            return
        folder = _read(path)
        if self.name is not None:
            yield from self._person(folder, self.name)
        else:
            yield from self._folder(folder, is_argument=True)

    def _folder(self, folder: _Folder, *, is_argument: bool = False) -> Iterator[Found]:
        one_person = self._is_one_person(folder, is_argument=is_argument)
        if one_person:
            yield from self._person(folder, folder.name)
            return
        if one_person is None:
            yield PassedOver(folder.path, _UNCLEAR, refused=True)
        else:
            names = {name_of_file(file) for file in folder.pictures}
            yield from (self._loose(file, names) for file in folder.pictures)
        yield from folder.passed_over
        for inner in folder.folders:
            yield from self._folder(inner)

    def _is_one_person(self, folder: _Folder, *, is_argument: bool) -> bool | None:
        """Whether all pictures in and below a folder are of the person it is named after; None: unclear."""
        if not is_name(folder.name) or self.by_file:
            return False
        inside = [inner.name for inner in folder.folders if inner.has_pictures]
        if not folder.pictures:
            return bool(inside) and not any(map(is_name, folder.names_below()))
        own = words(folder.name)
        strangers = [
            name_of_file(file)
            for file in folder.pictures
            if is_name_of(file) and not _belongs(name_of_file(file), own)
        ]
        if any(is_full_name(name) and not _belongs(name, own) for name in inside) and not is_full_name(
            folder.name
        ):
            return False
        if not strangers:
            return True
        if is_argument and any(map(is_name, inside)):
            return False
        if is_full_name(folder.name):
            return self._asked(folder) if is_argument and all(map(is_full_name, strangers)) else True
        if all(map(is_full_name, strangers)):
            return False
        return self._asked(folder) if is_argument else True

    def _asked(self, folder: _Folder) -> bool | None:
        return self.questions.one_person(folder.path, [file.name for file in folder.pictures])

    def _person(self, folder: _Folder, name: str) -> Iterator[Found]:
        for found in folder.everything():
            if isinstance(found, PassedOver):
                yield found
            else:
                photo_id = "-".join(found.relative_to(folder.path).parts)
                yield Portrait(found, readable_name(name), photo_id)

    def _loose(self, file: Path, beside: set[str]) -> Found:
        name = self.name or _counted(name_of_file(file), beside)
        if not self.name and not is_name_of(file):
            asked = self.questions.whom(file)
            if not asked:
                return PassedOver(file, _CAMERA_NAME, refused=True)
            name = asked
        return Portrait(file, readable_name(name), file.name)


def is_picture(file: Path) -> bool:
    """Whether the file's name says that it is a picture."""
    return file.suffix.lower() in PICTURE_SUFFIXES


def _read(path: Path) -> _Folder:
    """A folder with everything below it; links to folders are not followed."""
    folder = _Folder(path, [], [], [])
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        folder.passed_over.append(PassedOver(path, f"cannot be read: {error.strerror}", refused=True))
        return folder
    for entry in entries:
        if entry.name.startswith(".") or entry.name in {"Thumbs.db", "desktop.ini", "__MACOSX"}:
            folder.passed_over.append(PassedOver(entry, "a hidden file of the computer's own"))
        elif entry.is_dir() and entry.is_symlink():
            folder.passed_over.append(PassedOver(entry, "a link to a folder; give that folder as PATH"))
        elif entry.is_dir():
            folder.folders.append(_read(entry))
        elif is_picture(entry):
            folder.pictures.append(entry)
        else:
            folder.passed_over.append(_no_picture(entry))
    if not entries:
        folder.passed_over.append(PassedOver(path, "an empty folder"))
    return folder


def _no_picture(file: Path) -> PassedOver:
    if file.suffix.lower() in LIST_SUFFIXES:
        return PassedOver(file, "a list in a folder is not read; give it as PATH")
    return PassedOver(file, "not named like a picture")


def is_name_of(file: Path) -> bool:
    """Whether the file seems to be named after somebody."""
    return is_name(file.stem) and is_name(name_of_file(file))


def _belongs(name: str, own: list[str]) -> bool:
    """Whether a file's name is that of the folder's person, whole or in part."""
    given = words(name)
    return set(given) <= set(own) or given[:1] == own[:1]


def _counted(name: str, names: set[str]) -> str:
    # `ada2` beside `ada` is her second photo; alone it may be what somebody is called.
    base = name.rstrip("0123456789")
    return base if base in names else name
