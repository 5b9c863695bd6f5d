"""Who is to be enrolled from a folder: a folder a person, or files named after people."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})

_PERSON_ID = re.compile(r"[A-Za-z0-9_.\-:]{1,128}")
_NUMBER_AT_END = re.compile(r"(?:[ _\-.]*\(\d+\)|[ _\-.]+\d+)$")  # ada_2, ada-02, "Ada (3)"
_MAX_SLUG = 100


@dataclass(frozen=True, slots=True)
class Portrait:
    """One photo file and whom it shows; `photo_id` tells that person's photos apart."""

    file: Path
    person_id: str
    name: str
    photo_id: str

    @property
    def is_picture(self) -> bool:
        """Whether the file's name says that it is a picture."""
        return self.file.suffix.lower() in PICTURE_SUFFIXES


def portraits(path: Path, *, name: str | None = None) -> Iterator[Portrait]:
    """The photos under `path`, sorted: one file, a folder of files, or a folder with a folder a person.

    With `name`, everything found is of that one person. Hidden files are passed over. A photo's id is its
    file's name; where another photo of that person has it already, its folder's name comes before it.
    """
    known: set[tuple[str, str]] = set()
    for file, shown in _shown(path, name):
        person_id = person_id_of(shown)
        photo_id = unicodedata.normalize("NFC", file.name)
        if (person_id, photo_id) in known:
            photo_id = unicodedata.normalize("NFC", f"{file.parent.name}-{file.name}")
        known.add((person_id, photo_id))
        yield Portrait(file, person_id, readable_name(shown), photo_id)


def _shown(path: Path, name: str | None) -> Iterator[tuple[Path, str]]:
    """Each file, and the name of whom it shows."""
    if path.is_file():
        yield path, name or name_of_file(path)
        return
    names = {name_of_file(entry) for entry in _entries(path) if entry.is_file()}
    for entry in _entries(path):
        if entry.is_file():
            yield entry, name or _shared(name_of_file(entry), names)
        elif entry.is_dir():
            for file in _entries(entry):
                if file.is_file():
                    yield file, name or entry.name


def person_id_of(name: str) -> str:
    """A valid person id for any name: itself when it is one, else a slug.

    Whatever a slug loses (accents, other scripts, length) is kept apart by a hash, so that two names give
    two ids and one name always the same.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if _PERSON_ID.fullmatch(name):
        return name
    plain = name.lower().replace(" ", "_")
    if _PERSON_ID.fullmatch(plain) and "__" not in plain:
        return plain
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9.\-]+", "_", ascii_only).strip("_")[:_MAX_SLUG]
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{slug}-{digest}" if slug else digest


def readable_name(name: str) -> str:
    """`ada_lovelace` as a person writes it: Ada Lovelace. Spaces or capitals are left alone."""
    name = unicodedata.normalize("NFC", name.strip())
    if " " in name:
        return name
    spaced = name.replace("_", " ").strip() or name
    return spaced.title() if spaced.islower() and spaced.isascii() else spaced


def name_of_file(file: Path) -> str:
    """The person's name in a file name: without its suffix and the number that tells photos apart."""
    return _NUMBER_AT_END.sub("", file.stem) or file.stem


def _shared(name: str, names: set[str]) -> str:
    # `ada2` beside `ada` is her second photo; alone it may be what somebody is called.
    base = name.rstrip("0123456789")
    return base if base in names else name


def _entries(folder: Path) -> list[Path]:
    return sorted(
        entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.name != "Thumbs.db"
    )
