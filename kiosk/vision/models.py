"""Where YuNet, the face detector's network, is found on this machine, and how it gets there once."""

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

YUNET_ENV = "RECOGNIZEME_YUNET_MODEL"
YUNET_FILE = "face_detection_yunet_2023mar.onnx"
# The commit that this file's checksum is of; the name may go from `main` when a newer model comes.
YUNET_URL = (
    "https://github.com/opencv/opencv_zoo/raw/82b38c8f98e7b52aa171400f3e4c722352d0669f"
    f"/models/face_detection_yunet/{YUNET_FILE}"
)
# Published by opencv_zoo (MIT): 232,589 bytes.
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
YUNET_BYTES = 232_589
HOW_TO_GET_YUNET = (
    f"run `recognizeme doctor --fetch-models`, or name the file of YuNet with --yunet-model or {YUNET_ENV}"
)


class ModelError(Exception):
    """A model that is missing, or is none; the text is one sentence that says what to do."""


def cached_yunet() -> Path:
    """Where `fetch_yunet` puts the model, whether or not it is there."""
    return platformdirs.user_cache_path("recognizeme") / YUNET_FILE


def find_yunet(
    path: Path | None = None, *, environ: Mapping[str, str] = os.environ, cached: Path | None = None
) -> Path | None:
    """The model's file: `path`, else what the environment names, else the user's cache; None when nowhere.

    Raises `ModelError` when a file was named and is not there: a typing error must not weaken the kiosk
    in silence.
    """
    named = path or (Path(environ[YUNET_ENV]) if environ.get(YUNET_ENV) else None)
    if named is not None:
        if not named.is_file():
            raise ModelError(f"there is no YuNet model at {named}; {HOW_TO_GET_YUNET}")
        return named
    cached = cached or cached_yunet()
    return cached if cached.is_file() else None


def fetch_yunet(
    to: Path | None = None, *, url: str = YUNET_URL, read: Callable[[str], bytes] | None = None
) -> Path:
    """Download the model once to the user's cache and return its path; a file that is right already stays.

    Raises `ModelError` when it cannot be had or its checksum is not the pinned one.
    """
    to = to or cached_yunet()
    if to.is_file() and _is_yunet(to.read_bytes()):
        return to
    try:
        model = (read or _download)(url)
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise ModelError(
            f"YuNet could not be fetched from {url} ({error}); fetch it elsewhere and put it at {to}"
        ) from error
    if not _is_yunet(model):
        raise ModelError(f"what {url} sent is not the YuNet this program knows; nothing was kept")
    to.parent.mkdir(parents=True, exist_ok=True)
    unfinished = to.with_suffix(".part")
    unfinished.write_bytes(model)
    unfinished.replace(to)
    return to


def _is_yunet(model: bytes) -> bool:
    return hashlib.sha256(model).hexdigest() == YUNET_SHA256


def _download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        body: bytes = answer.read(YUNET_BYTES + 1)  # never more than one byte too much
    return body
