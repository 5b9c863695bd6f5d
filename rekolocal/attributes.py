"""Attributes that no model here can see (age, glasses, emotions and the like), declared for tests."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from botocore import xform_name

from rekolocal.errors import SerializationException
from rekolocal.pictures import image_id
from rekolocal.shapes import read, service_model, violations

_SEEN = {"BoundingBox", "Landmarks", "Pose", "Quality", "Confidence"}
_EMOTIONS = ("CALM", "HAPPY", "SAD", "SURPRISED", "ANGRY", "CONFUSED", "DISGUSTED", "FEAR")

NEUTRAL: Mapping[str, object] = {
    "AgeRange": {"Low": 25, "High": 35},
    "Gender": {"Value": "Female", "Confidence": 50.0},
    **{
        name: {"Value": name == "EyesOpen", "Confidence": 90.0}
        for name in (
            *("Smile", "Eyeglasses", "Sunglasses", "Beard", "Mustache", "EyesOpen", "MouthOpen"),
            "FaceOccluded",
        )
    },
    "EyeDirection": {"Yaw": 0.0, "Pitch": 0.0, "Confidence": 90.0},
    "Emotions": [{"Type": kind, "Confidence": 90.0 if kind == "CALM" else 1.0} for kind in _EMOTIONS],
}
"""A calm adult, for programs that read attributes without asking whether they are there."""


class BadAttributes(ValueError):
    """The file holds no attributes by ImageId."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Members of FaceDetail: of the pictures with these ImageIds, and of all others."""

    by_image: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    others: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str) -> Self:
        """From a file {"IMAGE ID": {"Sunglasses": {"Value": true, "Confidence": 97.5}}, "*": {}}.

        What an entry leaves out is neutral; `*` is for all other pictures. The word `neutral` in place of a
        path is the neutral set for all. Raises BadAttributes.
        """
        if path == "neutral":
            return cls(others=NEUTRAL)
        try:
            entries = json.loads(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise BadAttributes(f"{path} cannot be read as JSON ({error})") from error
        if not isinstance(entries, dict):
            raise BadAttributes(f"{path} is no object of attributes by ImageId")
        declared = {key: {**NEUTRAL, **_checked(f"{path}, {key}", entry)} for key, entry in entries.items()}
        others = declared.pop("*", NEUTRAL)
        return cls(declared, others)

    def of(self, content: bytes, wanted: Sequence[str]) -> dict[str, object]:
        """What is declared of this picture's faces, as far as a request's attributes ask for it."""
        if set(wanted) <= {"DEFAULT"}:
            return {}
        declared = self.by_image.get(str(image_id(content)), self.others)
        return {
            name: value
            for name, value in declared.items()
            if "ALL" in wanted or xform_name(name).upper() in wanted
        }


def _checked(where: str, entry: object) -> dict[str, object]:
    shape = service_model().shape_for("FaceDetail")
    try:
        attributes = read(shape, entry)
    except SerializationException as error:
        raise BadAttributes(f"{where}: {error.message}") from error
    assert isinstance(entry, dict)
    assert isinstance(attributes, dict)
    for name in entry:
        if name in _SEEN or name not in attributes:
            raise BadAttributes(f"{where}: {name} cannot be declared")
    for broken in violations(shape, attributes):
        raise BadAttributes(f"{where}: {broken}")
    return attributes
