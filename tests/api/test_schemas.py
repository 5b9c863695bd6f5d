"""How a type becomes a schema."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, NotRequired, TypedDict, TypeVar

import pytest

from recognizeme.entry.forms import Form
from tests.api.schemas import Schemas

Item = TypeVar("Item")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class InnerJson(TypedDict):
    """Inside."""

    size: Annotated[int, Form(minimum=1), "How large"]


class OuterJson(InnerJson):
    """Outside."""

    colour: Colour | None
    inner: NotRequired[InnerJson]


class BoxesJson(TypedDict, Generic[Item]):
    """Boxes."""

    items: list[Item]


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        (str, {"type": "string"}),
        (float | None, {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Literal["ok"], {"type": "string", "enum": ["ok"]}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (
            Annotated[str, Form(format="date"), "When"],
            {"type": "string", "format": "date", "description": "When"},
        ),
    ],
)
def test_a_type_has_one_form(form: Any, schema: dict[str, Any]) -> None:
    assert Schemas().of(form) == schema


def test_a_typed_dict_is_named_once_with_what_it_inherits_and_what_may_be_missing() -> None:
    schemas = Schemas()

    assert schemas.of(OuterJson) == schemas.of(OuterJson) == {"$ref": "#/components/schemas/Outer"}
    assert schemas.components["Outer"]["required"] == ["size", "colour"]
    assert schemas.components["Outer"]["properties"]["inner"] == {"$ref": "#/components/schemas/Inner"}
    assert schemas.components["Inner"]["properties"]["size"] == {
        "type": "integer",
        "minimum": 1,
        "description": "How large",
    }


def test_a_generic_one_is_named_after_what_it_holds() -> None:
    schemas = Schemas()

    assert schemas.of(BoxesJson[InnerJson]) == {"$ref": "#/components/schemas/InnerBoxes"}
    assert schemas.components["InnerBoxes"]["properties"]["items"]["items"] == schemas.of(InnerJson)


def test_a_type_without_an_agreed_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no agreed form"):
        Schemas().of(complex)
