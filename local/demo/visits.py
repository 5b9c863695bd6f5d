"""What the demo plays: two real portraits, changed as a door camera would see the people on them."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from local.errors import LocalError

Image = NDArray[np.uint8]


class PicturesMissing(LocalError):
    """The packages whose pictures the demo plays are not installed."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person the demo enrolls, and their picture, which comes with a package."""

    person_id: str
    name: str
    package: str
    file: str

    @property
    def surname(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(" ")[2]

    def read(self) -> bytes:
        """The picture file. Raises `PicturesMissing`."""
        return packaged_picture(self.package, self.file)


@dataclass(frozen=True, slots=True)
class Visit:
    """One picture shown to the kiosk, and what must come of it; `without` is left out of the enrollment."""

    title: str
    picture: bytes
    outcome: str
    person_id: str | None = None
    without: Portrait | None = None


PORTRAITS = (
    Portrait("eileen-collins", "Eileen Collins", "skimage", "data/astronaut.png"),
    Portrait("grace-hopper", "Grace Hopper", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
)
_FACELESS = {"a cup of coffee": "data/coffee.png", "a rocket": "data/rocket.jpg"}


def packaged_picture(package: str, file: str) -> bytes:
    """A picture that comes with an installed package, which is not imported. Raises `PicturesMissing`."""
    missing = PicturesMissing(
        f"the demo shows pictures that come with {package}; install it as part of recognizeme[demo], or with"
        " `make install` in the repository"
    )
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise missing
    try:
        return (Path(found.origin).parent / file).read_bytes()
    except OSError as error:
        raise missing from error


def visits() -> Iterator[Visit]:
    """Every visit, in the order they are played."""
    for portrait in PORTRAITS:
        image = _decoded(portrait.read())
        for change, (seen, quality) in _CHANGES.items():
            picture = _jpeg(seen(image), quality)
            yield Visit(f"{portrait.surname}, {change}", picture, "recognized", portrait.person_id)
    for portrait in PORTRAITS:
        picture = _jpeg(_smaller(_decoded(portrait.read())), _QUALITY)
        yield Visit(f"{portrait.surname}, not enrolled", picture, "unknown", without=portrait)
    for title, file in _FACELESS.items():
        yield Visit(title, packaged_picture("skimage", file), "no_face")
    yield Visit("a text file", b"This is a text file, whatever its name says.\n", "rejected")


def _smaller(image: Image) -> Image:
    return _image(cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA))


def _darker(image: Image) -> Image:
    return _image(cv2.convertScaleAbs(image, alpha=0.45))


def _mirrored(image: Image) -> Image:
    return _image(cv2.flip(image, 1))


def _turned(image: Image, degrees: float = 7.0) -> Image:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return _image(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE))


def _blurred(image: Image) -> Image:
    return _image(cv2.GaussianBlur(image, (0, 0), 2.0))


def _unchanged(image: Image) -> Image:
    return image


def _all_at_once(image: Image) -> Image:
    darker = cv2.convertScaleAbs(_turned(_mirrored(image), 4.0), alpha=0.7)
    return _image(cv2.GaussianBlur(_smaller(_image(darker)), (0, 0), 0.8))


_QUALITY = 90
_CHANGES: Mapping[str, tuple[Callable[[Image], Image], int]] = {
    "smaller": (_smaller, _QUALITY),
    "darker": (_darker, _QUALITY),
    "mirrored": (_mirrored, _QUALITY),
    "turned 7 degrees": (_turned, _QUALITY),
    "blurred": (_blurred, _QUALITY),
    "JPEG quality 60": (_unchanged, 60),
    "all at once": (_all_at_once, 60),
}


def _decoded(picture: bytes) -> Image:
    return _image(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR))


def _jpeg(image: Image, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _image(array: object) -> Image:
    return np.asarray(array, dtype=np.uint8)
