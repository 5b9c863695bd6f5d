"""What the window shows."""

import numpy as np
import pytest

from kiosk.client.sighting import Sighting
from kiosk.monitoring.window import NoWindow, Window, annotated
from kiosk.vision.best_shot import BestShot
from kiosk.vision.frame import Box, Detection
from kiosk.vision.track import Track
from kiosk.visits.loop import Visit
from tests.kiosk.pictures import room


def visit(name: str | None = None, outcome: str | None = None, box: Box | None = None) -> Visit:
    sighting = Sighting("c", "door", "", "done", outcome, name=name) if outcome else None
    face = Detection(box or Box(100, 80, 60, 70), 0.9)
    return Visit(Track(1, face.box, 0, 0), BestShot(0), face, np.zeros((0, 0), np.float32), sighting=sighting)


@pytest.mark.parametrize(
    ("who", "is_green"),
    [(visit("Ada", "recognized"), True), (visit(outcome="unknown"), False), (visit(), False)],
)
def test_everybody_has_a_box_and_who_is_known_a_green_one(who: Visit, is_green: bool) -> None:
    scene = room(320, 240)
    shown = annotated(scene, [who])
    blue, green, red = (int(value) for value in shown[100, 100])
    assert (green > red + 50 and green > blue + 50) == is_green
    assert (shown != scene).any()
    assert (shown[200:] == scene[200:]).all()


def test_the_picture_itself_stays_as_it_was() -> None:
    scene = room(320, 240)
    before = scene.copy()
    annotated(scene, [visit("Ada", "recognized")])
    assert np.array_equal(scene, before)


@pytest.mark.parametrize("box", [Box(-50, -40, 80, 90), Box(300, 230, 80, 90), Box(0, 0, 320, 240)])
def test_names_of_any_script_and_boxes_at_any_edge_are_drawn(box: Box) -> None:
    annotated(room(320, 240), [visit("Zoë Łukasz 王小明", "recognized", box)])


def test_without_a_display_it_is_said_before_anything_is_tried() -> None:
    with pytest.raises(NoWindow, match="DISPLAY is not set"):
        Window({}, platform="linux")


def test_an_opencv_without_windows_is_said_with_where_to_read_on() -> None:
    with pytest.raises(NoWindow, match=r"see docs/kiosk\.md"):
        Window({"DISPLAY": ":99"}, platform="linux")
