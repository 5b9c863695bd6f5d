"""What a file or folder is called: a person's name, or what a camera, a computer or a hurry gave it."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from anyascii import anyascii

_NUMBER_AT_END = re.compile(r"(?:[ _\-.]*\(\d+\)|[ _\-.]+\d+)$")  # ada_2, ada-02, "Ada (3)"
_CAMERA = re.compile(
    r"(?:(?:img|dsc[nf]?|_dsc|_mg|pxl|mvimg|fb_img|p|gopr|cimg|imag|vid|dcim|signal|received|screenshots?)"
    r"[ _\-.(]*\d.*|(?:whatsapp|screen ?shot|bildschirmfoto|capture d.écran).*"
    r"|[\da-f]{8}(?:-?[\da-f]{4,12})+)",
    re.IGNORECASE,
)
_WORDS = """
    photo photos picture pictures pic pics image images img face faces head heads portrait portraits selfie
    people persons person staff employees employee team teams colleagues everybody everyone visitors office
    enroll enrollment enrollments camera roll dcim downloads download desktop documents folder apple upload
    front left right side profile back first second third fourth fifth one two three four five
    copy of new old edited edit final crop cropped small large scan scanned badge passport id unnamed untitled
    smile smiling neutral glasses hat with without no and the fotos foto bilder bild mitarbeiter kollegen
"""
_NOT_NAMES = frozenset(_WORDS.split())
_MAX_SLUG = 100


def words(name: str) -> list[str]:
    """The words of a file's or folder's name in lower case, numbers left out."""
    spaced = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", name))
    return [word for word in spaced.casefold().split() if not re.search(r"\d", word)]


def is_name(text: str) -> bool:
    """Whether somebody could be called so: no camera's name, and more than "photo", "front" or a number."""
    return not _CAMERA.fullmatch(text) and any(
        word not in _NOT_NAMES and (len(word) > 1 or not word.isascii()) for word in _lettered(text)
    )


def is_full_name(text: str) -> bool:
    """Whether it looks like a first and a last name."""
    return is_name(text) and len([word for word in words(text) if word not in _NOT_NAMES]) >= 2


def readable_name(name: str) -> str:
    """`ada_lovelace` as a person writes it: Ada Lovelace. Spaces or capitals are left alone."""
    name = unicodedata.normalize("NFC", name.strip())
    if " " in name:
        return name
    parted = name.replace("-", " ") if name.islower() else name
    spaced = parted.replace("_", " ").strip() or name
    return spaced.title() if spaced.islower() and spaced.isascii() else spaced


def name_of_file(file: Path) -> str:
    """The person's name in a file name: without its suffix and the number that tells photos apart."""
    return _NUMBER_AT_END.sub("", file.stem) or file.stem


def same_name(name: str) -> str:
    """What is equal for two spellings of one name: case, spaces, hyphens, Unicode form."""
    return re.sub(r"[\s_\-]+", " ", unicodedata.normalize("NFC", name.strip()).casefold())


def slug(name: str) -> str:
    """A readable person id for any name in any script: `jurgen-gross` for Jürgen Groß."""
    latin = re.sub(r"[^a-z0-9]+", "-", anyascii(unicodedata.normalize("NFC", name)).lower())
    if readable := latin.strip("-")[:_MAX_SLUG].strip("-"):
        return readable
    return "person-" + hashlib.sha256(same_name(name).encode("utf-8", "surrogatepass")).hexdigest()[:8]


class PersonIds:
    """Whose id is which: a name's slug, with a number where somebody of another name has it already.

    `known_name(person_id)` is the name of somebody who is enrolled, or None. Somebody known by a name that
    would give another id has been renamed since: the id is still theirs.
    """

    def __init__(self, known_name: Callable[[str], str | None] = lambda person_id: None) -> None:
        self._known_name = known_name
        self._ids: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The person id of this name, the same each time."""
        key = same_name(name)
        if key not in self._ids:
            self._ids[key] = self._free(name, key)
        return self._ids[key]

    def _free(self, name: str, key: str) -> str:
        base = slug(name)
        taken = set(self._ids.values())
        number = 1
        while True:
            person_id = base if number == 1 else f"{base}-{number}"
            number += 1
            if person_id in taken:
                continue
            known = self._known_name(person_id)
            if known is None or same_name(known) == key or slug(known) != base:
                return person_id


def _lettered(text: str) -> list[str]:
    # `agent7` is a name; `2024` and `1st` are none.
    spaced = re.sub(r"[\W_]+", " ", text).casefold().split()
    return [word for word in spaced if not word[0].isdigit()]
