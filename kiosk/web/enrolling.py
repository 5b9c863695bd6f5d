"""Photos of a person that are handed in at the desk, one after the other."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.datastructures import FileStorage

from kiosk.client.api import ApiClient
from kiosk.client.errors import NotFound, Refused
from kiosk.vision.picture_file import UnusableFile, content_type, fit

MOST_PHOTOS = 20  # at once; a person needs three or four
MAX_BYTES = 128 * 1024 * 1024  # of all of them


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A file of which nothing was stored, and why."""

    file: str
    reason: str


def several_photos(blueprint: Blueprint, endpoint: str) -> None:
    """Let the form of this endpoint be as large as several photos; it has to be said before it is read."""

    @blueprint.url_value_preprocessor
    def allow(asked: str | None, values: dict[str, str] | None) -> None:
        if asked == endpoint:
            request.max_content_length = MAX_BYTES


def hand_in(api: ApiClient, person_id: str, files: Iterable[FileStorage]) -> list[NotTaken]:
    """Hand every file in; return those of which the person's list of photos will not say what became.

    A photo is named after the file's content, since phones call all of theirs the same: the same file twice
    changes nothing. What is no picture, or was refused before anything was stored, keeps none of the others.
    """
    not_taken = []
    for file in files:
        data = file.read()
        try:
            picture = fit(data)
            kind = content_type(picture)
            photo_id = f"{hashlib.sha256(data).hexdigest()[:32]}.{kind.rpartition('/')[2]}"
            api.enroll_photo(person_id, photo_id, picture, content_type=kind)
        except (UnusableFile, Refused) as error:
            not_taken.append(NotTaken(str(file.filename), str(error)))
        del data
    return not_taken


def hand_in_again(
    api: ApiClient, person_id: str, photo_id: str, *, accept_poor: bool, allow_duplicate: str | None
) -> None:
    """Have a photo that was refused taken all the same. Raises `NotFound` when its picture is gone."""
    try:
        picture = api.enrolled_photo(person_id, photo_id)
    except NotFound as error:
        raise NotFound("the photo is no longer stored; choose the file once more") from error
    api.enroll_photo(
        person_id,
        photo_id,
        picture,
        content_type=content_type(picture),
        accept_poor=accept_poor,
        allow_duplicate=allow_duplicate,
    )
