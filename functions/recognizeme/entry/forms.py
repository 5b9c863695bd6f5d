"""The forms that values have in JSON, each said once, for openapi.json and docs/api.md.

A form is a Python type with, in `Annotated`, what JSON Schema adds to it (`Form`) or what it means (a text).
"""

from typing import Annotated, Any

from recognizeme.domain import audit, kiosks, model, notifications
from recognizeme.usecases.answer_once import IDEMPOTENCY_KEY


class Form:
    """Words of JSON Schema, beyond a value's type."""

    def __init__(self, **words: Any) -> None:
        self.words = words


class PictureBytes:
    """A body that is a picture: its bytes, as image/jpeg or image/png."""


# Printable, in one line, and not only space.
_PLAIN = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
_VISIBLE = r"[^\s\x00-\x1f\x7f-\x9f]"
_NEITHER_DOT = {"not": {"enum": [".", ".."]}}

# Nor what stands for pictures that are remembered as not showing somebody.
_NO_COUNTER = {"not": {"anyOf": [_NEITHER_DOT["not"], {"pattern": f"^{model.COUNTER_PREFIX}{model.UUID7}$"}]}}

PersonId = Annotated[str, Form(title="person id", pattern=f"^{model.PERSON_ID}$", **_NO_COUNTER)]
KioskId = Annotated[str, Form(title="kiosk id", pattern=f"^{model.KIOSK_ID}$", **_NEITHER_DOT)]
CaptureId = Annotated[str, Form(title="UUIDv7", pattern=f"^{model.UUID7}$")]
PhotoId = Annotated[str, Form(minLength=1, maxLength=255, format="file-name")]
Name = Annotated[str, Form(maxLength=model.MAX_NAME_LENGTH, pattern=f"^{_PLAIN}*{_VISIBLE}{_PLAIN}*$")]
Group = Annotated[str, Form(title="group", pattern=f"^{model.GROUP}$")]
Groups = Annotated[list[Group], Form(maxItems=model.MAX_GROUPS)]
RuleId = Annotated[str, Form(title="rule id", pattern=f"^{notifications.RULE_ID}$")]
Somebody = Annotated[str, Form(title="id or address", pattern=f"^{audit.SOMEBODY}$")]
IdempotencyKey = Annotated[str, Form(pattern=f"^{IDEMPOTENCY_KEY}$")]
Time = Annotated[str, Form(format="date-time")]
Day = Annotated[str, Form(format="date")]
Url = Annotated[str, Form(format="uri")]
Sha256 = Annotated[str, Form(title="hexadecimal", pattern="^[0-9a-f]{64}$")]
_FOUR = "[A-Za-z0-9+/]{4}"
Base64 = Annotated[
    str, Form(contentEncoding="base64", pattern=f"^({_FOUR})*({_FOUR[:-3]}{{2}}==|{_FOUR[:-3]}{{3}}=)?$")
]
Count = Annotated[int, Form(minimum=0)]
ClockTime = Annotated[str, Form(title="time as 07:30", pattern=f"^{kiosks.TIME}$")]
EndTime = Annotated[str, Form(title="time as 19:30, or 24:00", pattern=f"^({kiosks.TIME}|24:00)$")]
TimeZone = Annotated[str, Form(title="name such as Europe/Zurich", pattern=f"^{kiosks.ZONE}$")]
LetIn = Annotated[str, Form(title="group or *", pattern=f"^({model.GROUP}|\\*)$")]
Pct = Annotated[float, Form(minimum=0, maximum=100)]
PictureType = Annotated[str, Form(enum=sorted(model.EXTENSIONS), default="image/jpeg")]

# What stands in a path, by its name there.
PATH_PARAMETERS: dict[str, Any] = {
    "kiosk_id": KioskId,
    "capture_id": CaptureId,
    "stranger_id": CaptureId,
    "person_id": PersonId,
    "photo_id": PhotoId,
    "rollcall_id": CaptureId,
    "group": Group,
    "rule_id": RuleId,
}
