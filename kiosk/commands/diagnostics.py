"""What `recognizeme doctor` checks, a function each; they say what is wrong and what to do about it."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kiosk.client.api import ApiClient
from kiosk.client.errors import ApiError, Unauthorized
from kiosk.delivery.spool import Bounds
from kiosk.vision.camera import SourceUnusable, View
from kiosk.vision.frame import Frame
from kiosk.vision.models import ModelUnusable, find_yunet
from kiosk.vision.source import is_live, open_source, still_pictures

_TIMEOUT_S = 5.0
_CAMERA_TURNS = 8  # a live source wakes us every second, picture or not
_CLOCK_OFF_S = 2.0  # greetings and schedules go wrong slowly
_CLOCK_WRONG_S = 240.0  # AWS turns signatures away that are five minutes off


class Finding(StrEnum):
    """How a check came out. A warning is for later, a failure for now."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """One check's result; `remedy` says what to do when it is not ok."""

    name: str
    finding: Finding
    detail: str
    remedy: str | None = None


def diagnose(api: ApiClient, *, source: str | None, spool: Path, yunet_model: Path | None) -> Iterator[Check]:
    """Every check, in the order in which to fix things. One that fails does not stop the next."""
    yield check_model(yunet_model)
    yield check_camera(source)
    yield check_disk(spool)
    yield check_spool(spool)
    reach = check_api(api)
    yield reach
    if reach.finding is Finding.OK:
        yield check_credentials(api)
        yield check_clock(api)


def check_model(yunet_model: Path | None) -> Check:
    """Whether the face detector's model is there."""
    try:
        return Check("model", Finding.OK, f"YuNet at {find_yunet(yunet_model)}")
    except ModelUnusable as error:
        return Check("model", Finding.FAILURE, str(error), "install this program again, or check the path")


def check_camera(source: str | None) -> Check:
    """Whether the source gives a picture; without a source, whether there is a camera at all."""
    if source is None:
        cameras = sorted(str(device) for device in Path("/dev").glob("video*"))
        if not cameras:
            return Check(
                "camera",
                Finding.WARNING,
                "there is no camera on this machine",
                "plug one in, or give --source",
            )
        source = cameras[0]
    if source.startswith("/dev/") and Path(source).exists() and not os.access(source, os.R_OK | os.W_OK):
        remedy = "add this user to the group video and log in again: usermod -aG video $USER"
        return Check("camera", Finding.FAILURE, f"this user may not use {source}", remedy)
    try:
        frame = _first_frame(source)
    except (SourceUnusable, OSError) as error:
        return Check("camera", Finding.FAILURE, str(error), "check --source")
    if frame is None:
        remedy = "check its cable, that no other program uses it, and for a stream its address and password"
        return Check("camera", Finding.FAILURE, "it gave no picture", remedy)
    height, width = frame.image.shape[:2]
    return Check("camera", Finding.OK, f"{width}x{height} pixels")


def _first_frame(source: str) -> Frame | None:
    if source == "-" or (not is_live(source) and still_pictures(source) is not None):
        raise SourceUnusable("give --source a camera, a stream or a clip")
    with open_source(source, View(None, 0, None)) as camera:
        for turn, frame in enumerate(camera):
            if frame is not None or turn >= _CAMERA_TURNS or (turn and camera.trouble):
                return frame
    return None


def check_disk(spool: Path) -> Check:
    """Whether captures can be written where the spool is, and whether there is room for all it may hold."""
    folder = next(parent for parent in (spool, *spool.parents) if parent.is_dir())
    if not os.access(folder, os.W_OK):
        remedy = "give --spool a folder that this user may write to"
        return Check("disk", Finding.FAILURE, f"{folder} cannot be written to", remedy)
    free, needed = shutil.disk_usage(folder).free, Bounds().max_bytes
    detail = f"{free // 2**20:,} MB free at {folder}"
    if free < needed // 10:
        return Check("disk", Finding.FAILURE, detail, "make room, or give --spool a folder on another disk")
    if free < 2 * needed:
        return Check(
            "disk", Finding.WARNING, detail, f"the spool may grow to {needed // 2**20} MB; make room"
        )
    return Check("disk", Finding.OK, detail)


def check_spool(spool: Path) -> Check:
    """Whether pictures wait, were refused or were dropped."""
    try:
        waiting, refused, damaged = (
            sum(1 for _ in (spool / name).glob("*.json")) for name in ("waiting", "refused", "damaged")
        )
        dropped = int((spool / "dropped").read_text()) if (spool / "dropped").exists() else 0
    except (OSError, ValueError) as error:
        return Check("spool", Finding.WARNING, f"it cannot be read: {error}", f"check the folder {spool}")
    detail = f"{waiting} waiting, {refused} refused, {damaged} damaged, {dropped} dropped"
    if refused or damaged:
        return Check(
            "spool", Finding.WARNING, detail, f"see the reasons in {spool}/refused; then delete the files"
        )
    if dropped:
        remedy = f"the API was out of reach for too long; once it is not, delete {spool / 'dropped'}"
        return Check("spool", Finding.WARNING, detail, remedy)
    if waiting > 100:
        return Check("spool", Finding.WARNING, detail, "is a kiosk running, and does the API answer?")
    return Check("spool", Finding.OK, detail)


def check_api(api: ApiClient) -> Check:
    """Whether a RecognizeMe API answers."""
    return _asking(
        "api",
        lambda: f"{api.url} answers, version {api.health(timeout_s=_TIMEOUT_S).get('version', 'unknown')}",
        "start a local one with `make up`, or give the right --api or RECOGNIZEME_API",
    )


def check_credentials(api: ApiClient) -> Check:
    """Whether the API lets us in."""
    remedy = "set RECOGNIZEME_TOKEN to the API's token; for AWS, set AWS_PROFILE or give this machine a role"

    def ask() -> str:
        api.health(timeout_s=_TIMEOUT_S)
        try:
            is_empty = not any(api.people(limit=1))
        except Unauthorized:  # a door may not see who is enrolled
            return "the API accepts them, for a door"
        return "the API accepts them" + ("; nobody is enrolled yet" if is_empty else "")

    return _asking("credentials", ask, remedy)


def _asking(name: str, ask: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, Finding.OK, ask())
    except Unauthorized as error:
        if name == "api":  # it answers, so it is there; the next check says the rest
            return Check(name, Finding.OK, "it answers")
        return Check(name, Finding.FAILURE, str(error), remedy)
    except ApiError as error:
        return Check(name, Finding.FAILURE, str(error), remedy)


def check_clock(api: ApiClient) -> Check:
    """Whether this machine's clock is the API's."""
    remedy = "turn on time synchronization: timedatectl set-ntp true"
    try:
        ahead_s = api.clock_ahead_s(timeout_s=_TIMEOUT_S)
    except ApiError as error:
        return Check("clock", Finding.WARNING, str(error), remedy)
    if ahead_s is None:
        return Check("clock", Finding.WARNING, "the API does not say what time it is", remedy)
    detail = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the API's"
    if abs(ahead_s) > _CLOCK_WRONG_S:
        return Check("clock", Finding.FAILURE, detail, remedy)
    if abs(ahead_s) > _CLOCK_OFF_S:
        return Check("clock", Finding.WARNING, detail, remedy)
    return Check("clock", Finding.OK, detail)
