"""The folder of an office, with every format, rotation, name and mistake, enrolled by the real engine."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from kiosk.cli import main
from local.data_folder import DataFolder
from local.stack import Stack
from tests.kiosk.pictures import sample
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration

Portraits = dict[str, tuple[Image.Image, Image.Image, Image.Image]]


def from_packages() -> Portraits:
    """Two people, three different pictures each as far as one picture allows."""

    def of(path: Path) -> tuple[Image.Image, Image.Image, Image.Image]:
        image = Image.open(path).convert("RGB")
        return image, ImageEnhance.Brightness(ImageOps.mirror(image)).enhance(0.8), image.rotate(6)

    return {"A": of(ASTRONAUT), "B": of(HOPPER)}


def from_samples() -> Portraits:
    """Two people with photos of different days."""

    def of(*names: str) -> tuple[Image.Image, Image.Image, Image.Image]:
        first, second, third = (Image.open(sample(f"photos/{name}")).convert("RGB") for name in names)
        return first, second, third

    return {
        "A": of("enroll/obama/obama.jpg", "enroll/obama/obama2.jpg", "visits/obama1.jpg"),
        "B": of("enroll/biden/biden.jpg", "enroll/biden/biden2.jpg", "enroll/biden/biden.jpg"),
    }


def saved(image: Image.Image, kind: str, *, mode: str = "RGB", orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    undone = {1: 0, 6: 90, 8: 270, 3: 180}[orientation]
    data = io.BytesIO()
    turned = image.rotate(undone, expand=True).convert(mode)
    turned.save(data, kind, **({"exif": exif} if orientation != 1 else {}))
    return data.getvalue()


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    height = 512
    sized = [each.resize((round(each.width * height / each.height), height)) for each in (left, right)]
    both = Image.new("RGB", (sized[0].width + sized[1].width, height))
    both.paste(sized[0], (0, 0))
    both.paste(sized[1], (sized[0].width, 0))
    return both


def messy(portraits: Portraits) -> dict[str, bytes]:
    pillow_heif.register_heif_opener()
    (a1, a2, a3), (b1, b2, _) = portraits["A"], portraits["B"]
    small = a1.copy()
    small.thumbnail((120, 120))
    return {
        # good ones
        "Jürgen Groß/IMG_0001.HEIC": saved(a1, "HEIF"),
        "Jürgen Groß/2024/IMG_0001.jpg": saved(a2, "JPEG", orientation=6),
        "Zoé Rossi/scan.tiff": saved(b1, "TIFF"),
        "Zoé Rossi/print.jpg": saved(b2, "JPEG", mode="CMYK"),
        # of somebody else
        "Zoé Rossi/wrong.bmp": saved(a3, "BMP"),
        "Tom Baker/badge.png": saved(a3, "PNG", mode="RGBA"),
        # poor ones
        "Kim Lee/blurred.webp": saved(b1.filter(ImageFilter.GaussianBlur(b1.width / 30)), "WEBP"),
        "Kim Lee/dark.avif": saved(ImageEnhance.Brightness(a1).enhance(0.06), "AVIF"),
        "Mia Moss/party.png": saved(beside(a1, b1), "PNG"),
        "Mia Moss/wall.gif": saved(Image.linear_gradient("L"), "GIF", mode="L"),
        "mia_moss_2.jpg": saved(small, "JPEG"),
        # no photos, or of nobody
        "IMG_1234.jpg": saved(a1, "JPEG"),
        "Leo Conti/broken.jpg": saved(a1, "JPEG")[:900],
        "Leo Conti/Thumbs.db": b"junk",
    }


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("local.runtime.servers._CHECK_EVERY_S", 3600.0)
        with Stack(DataFolder(tmp_path / "data")) as stack:
            yield stack.url


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--api", url, *arguments])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("portraits", [from_packages, from_samples])
def test_an_offices_folder_is_enrolled_as_far_as_it_can_be_and_its_mistakes_are_found(
    url: str, tmp_path: Path, portraits: Callable[[], Portraits]
) -> None:
    office = tmp_path / "office"
    for name, data in messy(portraits()).items():
        (office / name).parent.mkdir(parents=True, exist_ok=True)
        (office / name).write_bytes(data)
    report = tmp_path / "report.csv"

    first = run(url, "enroll", str(office), "--report", str(report))
    assert "photos: 9 refused, 4 new, 0 already known\n" in first.output, first.output
    assert "people: 4 without a usable photo, 2 new, 0 already known\n" in first.output
    assert "no usable photo of: Mia Moss, Kim Lee, Leo Conti, Tom Baker\n" in first.output
    assert first.output.startswith("refused: "), first.output
    reasons = {
        Path(row["photo"]).name: row["reason"] for row in csv.DictReader(report.open(encoding="utf-8-sig"))
    }
    assert reasons["badge.png"].startswith("this looks like Jürgen Groß (")
    assert reasons["badge.png"].endswith("%), not Tom Baker; check whom it shows")
    assert reasons["wrong.bmp"].endswith("%), not Zoé Rossi; check whom it shows")
    assert reasons["blurred.webp"].startswith("the face is blurred;")
    assert reasons["dark.avif"].startswith(("the face is too dark;", "no face was found;"))
    assert reasons["party.png"].startswith("two people of similar size;")
    assert reasons["wall.gif"].startswith("no face was found;")
    assert reasons["mia_moss_2.jpg"].startswith("the face is too small;")
    assert reasons["broken.jpg"].startswith("the picture is damaged")

    second = run(url, "enroll", str(office))
    assert "photos: 9 refused, 0 new, 4 already known\n" in second.output
    assert lines(run(url, "people", "check", "--json")) == [
        each for each in lines(run(url, "people", "check", "--json")) if each["finding"] in HARMLESS
    ]

    # Somebody insists, and people check finds what they did.
    both = [str(office / "Tom Baker"), str(office / "Zoé Rossi")]
    assert "2 new" in run(url, "enroll", *both, "--allow-duplicate", "planted").output
    page = tmp_path / "check.html"
    check = run(url, "people", "check", "--json", "--report", str(page))
    wrong = {
        (each["finding"], each["person_id"], each["photo_id"], each["other"]["person_id"])
        for each in lines(check)
        if each["finding"] not in HARMLESS
    }
    assert check.exit_code == 1
    ((close, *pair, other), misfiled) = sorted(wrong, key=lambda each: each[0] == "misfiled")
    assert (close, pair[0], other) == ("too_close", "jurgen-gross", "tom-baker")
    assert misfiled[:3] == ("misfiled", "zoe-rossi", "wrong.bmp")
    assert page.read_text().count("data:image/jpeg;base64,") >= 4


HARMLESS = {"one_photo", "no_photo", "adds_nothing"}
