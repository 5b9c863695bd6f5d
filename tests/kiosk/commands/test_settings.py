import re
from pathlib import Path

import kiosk

ROOT = Path(kiosk.__file__).parents[1]


def test_every_variable_that_a_client_reads_is_in_the_settings_page_and_back() -> None:
    code = "\n".join(file.read_text("utf-8") for file in (ROOT / "kiosk").rglob("*.py"))
    page = (ROOT / "docs" / "settings.md").read_text("utf-8").split("## The clients")[1]
    assert set(re.findall(r"RECOGNIZEME_[A-Z_]+[A-Z]", page)) == set(
        re.findall(r"RECOGNIZEME_[A-Z_]+[A-Z]", code)
    )
