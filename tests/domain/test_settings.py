"""Settings are read from the environment, and what is wrong in it is named."""

from dataclasses import MISSING, fields

import pytest

from recognizeme.domain.errors import Misconfigured
from recognizeme.settings import Settings

REQUIRED = [each.metadata["env"] for each in fields(Settings) if each.default is MISSING]


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("", False)])
def test_a_switch_is_on_or_off(text: str, value: bool) -> None:
    environ = dict.fromkeys(REQUIRED, "x") | {"RECOGNIZEME_CONSENT_REQUIRED": text}
    assert Settings.from_env(environ).consent_required is value


def test_a_switch_that_is_neither_is_refused_by_its_name() -> None:
    environ = dict.fromkeys(REQUIRED, "x") | {"RECOGNIZEME_CONSENT_REQUIRED": "yes"}
    with pytest.raises(
        Misconfigured, match="RECOGNIZEME_CONSENT_REQUIRED is 'yes', and must be true or false"
    ):
        Settings.from_env(environ)
