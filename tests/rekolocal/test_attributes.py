"""Attributes that are declared, for programs that read them unguarded."""

import json
from pathlib import Path

import pytest

from rekolocal.attributes import NEUTRAL, Attributes, BadAttributes
from rekolocal.pictures import image_id
from rekolocal.shapes import read, service_model, violations

PHOTO = b"a photo"
SUNGLASSES = {"Sunglasses": {"Value": True, "Confidence": 97.5}}


def loaded(folder: Path, content: object) -> Attributes:
    path = folder / "attributes.json"
    path.write_text(json.dumps(content))
    return Attributes.load(str(path))


def test_nothing_is_declared_unless_asked_for() -> None:
    assert Attributes().of(PHOTO, ["ALL"]) == {}
    assert Attributes.load("neutral").of(PHOTO, ["DEFAULT"]) == {}
    assert Attributes.load("neutral").of(PHOTO, []) == {}


def test_the_neutral_set_has_every_attribute_of_a_face_detail_that_is_not_seen() -> None:
    shape = service_model().shape_for("FaceDetail")
    seen = {"BoundingBox", "Landmarks", "Pose", "Quality", "Confidence"}
    assert NEUTRAL.keys() | seen == shape.members.keys()  # type: ignore[attr-defined]
    assert read(shape, dict(NEUTRAL)) == NEUTRAL
    assert list(violations(shape, dict(NEUTRAL))) == []


def test_every_attribute_can_be_asked_for_by_its_name() -> None:
    names = set(service_model().shape_for("Attribute").enum) - {"ALL", "DEFAULT"}  # type: ignore[attr-defined]
    declared = Attributes.load("neutral")
    assert {name for each in names for name in declared.of(PHOTO, [each])} == NEUTRAL.keys()
    assert declared.of(PHOTO, ["DEFAULT", "SMILE"]).keys() == {"Smile"}
    assert declared.of(PHOTO, ["ALL"]) == NEUTRAL


def test_a_file_declares_by_image_id_and_the_rest_is_neutral(tmp_path: Path) -> None:
    declared = loaded(tmp_path, {str(image_id(PHOTO)): SUNGLASSES})
    assert declared.of(PHOTO, ["ALL"]) == {**NEUTRAL, **SUNGLASSES}
    assert declared.of(b"another", ["ALL"]) == NEUTRAL
    everywhere = loaded(tmp_path, {"*": SUNGLASSES})
    assert everywhere.of(b"another", ["SUNGLASSES"]) == SUNGLASSES


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "no object"),
        ({"*": 7}, "wrong type"),
        ({"*": {"Sunglases": {}}}, "Sunglases cannot be declared"),
        ({"*": {"Confidence": 3.0}}, "Confidence cannot be declared"),
        ({"*": {"Sunglasses": {"Value": "yes"}}}, "wrong type"),
        ({"*": {"Sunglasses": {"Value": True, "Confidence": 101}}}, "less than or equal to 100"),
    ],
)
def test_a_file_that_declares_what_rekognition_could_not_say_is_refused(
    tmp_path: Path, content: object, reason: str
) -> None:
    with pytest.raises(BadAttributes, match=reason):
        loaded(tmp_path, content)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAttributes, match="cannot be read"):
        Attributes.load(str(tmp_path / "none.json"))
