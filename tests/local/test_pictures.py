"""Pictures of every kind, good and bad, through the whole stack: each has its outcome and harms no other."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from local.stack import Stack
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def hopper(stack: Stack) -> Iterator[None]:
    with ApiClient(stack.url) as api:
        api.put_person("hopper", name="Grace Hopper")
        assert api.enroll_photo("hopper", "1.jpg", HOPPER.read_bytes(), timeout_s=60)["state"] == "indexed"
        yield
        api.forget("hopper")  # to the tests after these she is a stranger


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def turned_by_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    return saved(Image.open(HOPPER).rotate(90, expand=True), "JPEG", exif=exif)


def with_alpha() -> bytes:
    image = Image.open(HOPPER).convert("RGBA")
    image.putalpha(200)
    return saved(image, "PNG")


def grey() -> bytes:
    return saved(Image.open(HOPPER).convert("L"), "JPEG")


def as_cmyk() -> bytes:
    return saved(Image.open(HOPPER).convert("CMYK"), "JPEG")


def progressive() -> bytes:
    return saved(Image.open(HOPPER), "JPEG", progressive=True)


def bomb() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def cut_short() -> bytes:
    return HOPPER.read_bytes()[:300]


def half_a_picture() -> bytes:
    return saved(Image.open(ASTRONAUT), "PNG")[:5000]


def tiny() -> bytes:
    return saved(Image.new("RGB", (79, 400)), "JPEG")


def a_gif() -> bytes:
    return saved(Image.new("RGB", (200, 200)), "GIF")


def a_web_page() -> bytes:
    return b"<html><script>alert(1)</script></html>"


def blank() -> bytes:
    return saved(Image.new("RGB", (640, 480), "grey"), "JPEG")


@pytest.mark.usefixtures("hopper")
@pytest.mark.parametrize("picture", [turned_by_exif, with_alpha, grey, as_cmyk, progressive])
def test_an_unusual_picture_of_somebody_is_recognized(api: ApiClient, picture: Callable[[], bytes]) -> None:
    sighting = api.hand_in(picture(), kiosk_id="door", capture_id=new_capture_id(), timeout_s=60)
    assert (sighting.outcome, sighting.person_id) == ("recognized", "hopper")
    box = sighting.face_box
    assert box
    assert box.top < 0.4  # upright: the face is in the upper half


@pytest.mark.parametrize("picture", [bomb, cut_short, half_a_picture, tiny, a_gif, a_web_page])
@pytest.mark.parametrize("path", ["upload", "immediate"])
def test_a_bad_picture_is_rejected_with_a_reason(
    api: ApiClient, picture: Callable[[], bytes], path: str
) -> None:
    sighting = api.hand_in(
        picture(),
        kiosk_id="door",
        capture_id=new_capture_id(),
        path=path,  # type: ignore[arg-type]
        timeout_s=60,
    )
    assert sighting.outcome == "rejected"
    assert sighting.reason


def test_a_picture_of_nobody_shows_no_face(api: ApiClient) -> None:
    sighting = api.hand_in(blank(), kiosk_id="door", capture_id=new_capture_id(), timeout_s=60)
    assert (sighting.outcome, sighting.similarity_pct) == ("no_face", None)


@pytest.mark.usefixtures("hopper")
def test_handing_in_ten_times_gives_one_sighting_and_one_paid_call(api: ApiClient) -> None:
    capture_id = new_capture_id()
    for number in range(10):
        path = "upload" if number % 2 else "immediate"
        sighting = api.hand_in(
            HOPPER.read_bytes(),
            kiosk_id="ten",
            capture_id=capture_id,
            path=path,  # type: ignore[arg-type]
            timeout_s=60,
        )
        assert sighting.name == "Grace Hopper"
    assert sighting.rekognition_calls == 1
    assert len(list(api.sightings(kiosk_id="ten"))) == 1


@pytest.mark.parametrize("photo_id", ["a b+c ü.jpg", "%2e%2e.jpg", "日本.jpg", "x" * 200 + ".jpg"])
def test_a_photo_may_be_called_anything_a_file_can_be(api: ApiClient, photo_id: str) -> None:
    api.put_person("named", name="Zoë O'Brien-Ōe")
    photo = api.enroll_photo("named", photo_id, HOPPER.read_bytes(), timeout_s=60)
    assert photo["photo_id"] == photo_id
    assert photo_id in {photo["photo_id"] for photo in api.photos("named")}
    assert api.forget("named")["removed"]["photos"] >= 1
