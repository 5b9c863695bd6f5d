"""The folder that an office really has: every format, rotation, name and mistake, twice over."""

import csv
import io
from pathlib import Path

import pillow_heif
import pytest
from click.testing import CliRunner
from PIL import Image

from kiosk.cli import main
from tests.kiosk.api_server import ApiServer
from tests.portraits import ASTRONAUT

pytestmark = pytest.mark.integration


def portrait(kind: str, *, mode: str = "RGB", orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    Image.open(ASTRONAUT).convert("RGB").convert(mode).save(data, kind, exif=exif)
    return data.getvalue()


def test_a_messy_folder_its_report_and_its_second_run(server: ApiServer, tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    office = tmp_path / "office"
    files = {
        "Jürgen Groß/IMG_0001.HEIC": portrait("HEIF"),
        "Jürgen Groß/2024/IMG_0001.jpg": portrait("JPEG", orientation=6),
        "Eva Rossi/scan.tiff": portrait("TIFF"),
        "Eva Rossi/print.jpg": portrait("JPEG", mode="CMYK"),
        "Eva Rossi/Thumbs.db": b"junk",
        "bob_smith.avif": portrait("AVIF"),
        "李明.webp": portrait("WEBP"),
        "IMG_1234.jpg": portrait("JPEG"),
        "Leo Conti/broken.jpg": portrait("JPEG")[:900],
    }
    for name, data in files.items():
        (office / name).parent.mkdir(parents=True, exist_ok=True)
        (office / name).write_bytes(data)
    report = tmp_path / "out.csv"
    command = ["--api", server.url, "enroll", str(office), "--report", str(report)]

    first = CliRunner().invoke(main, command)
    second = CliRunner().invoke(main, command)

    assert "no usable photo of: Leo Conti\nphotos: 2 refused, 6 new, 0 already known\n" in first.output
    assert "photos: 2 refused, 0 new, 6 already known\n" in second.output
    assert set(server.people) == {"jurgen-gross", "eva-rossi", "bob-smith", "liming", "leo-conti"}
    assert len(list(csv.reader(report.open(encoding="utf-8-sig")))) == 1 + len(files)
