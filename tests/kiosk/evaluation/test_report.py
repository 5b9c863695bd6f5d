"""The report as a whole, and as JSON, page and picture."""

import io
import json
import re
from dataclasses import replace
from datetime import time
from xml.etree import ElementTree

import pytest
from PIL import Image

from kiosk.evaluation.charts import charts
from kiosk.evaluation.drawing import to_png
from kiosk.evaluation.field import field_of
from kiosk.evaluation.page import to_html
from kiosk.evaluation.report import LastReport, Report, UnreadableReport, make_report, price
from kiosk.evaluation.trial import Trial, Unusable
from kiosk.evaluation.words import at_most_in_words, share_in_words
from tests.kiosk.evaluation.test_field import IN_UTC, corrected, sighting
from tests.kiosk.evaluation.trials import office, probe, trial


def report(of: Trial, last: LastReport | None = None, threshold_pct: float = 99.0) -> Report:
    seen = [
        sighting(8, similarity_pct=99.9, person_id="p1"),
        corrected(9, "p1", "p2"),
        sighting(22, "no_face"),
    ]
    return make_report(
        of,
        threshold_pct=threshold_pct,
        margin_pct=1.0,
        made_at="2026-11-24T20:00:00.000Z",
        galleries=(500,),
        field=field_of(seen, since="2026-11-01", dawn=time(7), dusk=time(19), zones=IN_UTC),
        last=last,
    )


def test_the_rates_of_an_office_are_told_with_names() -> None:
    found = report(office())
    assert (found.people, found.pictures) == (40, 120)
    assert (found.present.turned_away.hits, found.present.turned_away.people) == (4, 40)
    assert found.turned_away_most[0].worst.endswith("/2.jpg")
    pair = found.closest_pairs[0]
    assert {found.name(pair.person_id), found.name(pair.other.person_id)} == {"P7", "P8"}
    assert found.suggested
    assert found.suggested.stranger_named.hits == 0
    assert [each.people for each in found.projections] == [40, 100, 500, 1000, 10000]


def test_the_planted_mistake_is_the_first_thing_the_page_says() -> None:
    wrong = probe("p1/wrong.jpg", 4.0, p2=99.9)
    found = report(trial(*office().probes, wrong))
    assert [each.picture for each in found.misfiled] == ["p1/wrong.jpg"]
    assert found.present.wrong_name.hits == 1
    assert found.corrected == report(office()).present
    assert found.suggested
    page = to_html(found)
    assert page.index("Pictures under a wrong name") < page.index("What each threshold costs")
    assert "p1/wrong.jpg" in page


def test_a_threshold_of_the_stack_that_is_not_in_the_table_is_put_there() -> None:
    found = report(office(), threshold_pct=98.7)
    assert found.present in found.rows
    assert found.present.threshold_pct == 98.7


def test_pictures_that_cannot_be_used_are_a_rate_and_copies_are_no_failure() -> None:
    unusable = (
        Unusable("p1/4.jpg", "p1", "the photo shows no face"),
        Unusable("p1/5.jpg", "p1", "the same picture as 1.jpg", is_copy=True),
    )
    found = report(replace(office(), unusable=unusable))
    assert (found.acquire.hits, found.acquire.trials) == (1, 121)


def test_what_changed_since_the_last_report_is_told_apart_from_chance() -> None:
    before = LastReport.from_json(json.loads(json.dumps(report(office()).to_json())))
    same = report(office(), before)
    assert same.changes
    assert {change.is_clear for change in same.changes} == {False}
    worse = trial(
        *(
            replace(each, own=None if each.own is None else replace(each.own, similarity_pct=50.0))
            for each in office().probes
        )
    )
    changed = report(worse, before)
    assert changed.changes
    clear = {change.what: (change.before < change.now) for change in changed.changes if change.is_clear}
    assert clear == {"turned_away": True}
    assert "worse" in to_html(changed)
    assert changed.compared_with == "2026-11-24T20:00:00.000Z"


@pytest.mark.parametrize(
    "content", [[], {}, {"made_at": "x"}, {"made_at": "x", "present": {"turned_away": 3}}]
)
def test_what_is_no_report_is_not_compared_with(content: object) -> None:
    with pytest.raises(UnreadableReport):
        LastReport.from_json(content)


def test_what_was_not_tested_is_said() -> None:
    few = make_report(
        trial(probe("ada/1.jpg", 99.9, bob=1.0), probe("bob/1.jpg", None, ada=1.0)),
        threshold_pct=99.0,
        margin_pct=1.0,
        made_at="2026-11-24T20:00:00.000Z",
    )
    text = "\n".join(few.not_tested)
    assert "one usable picture" in text
    assert "2 people are few" in text
    assert "the doors" in text
    assert "masks" in text
    assert "the night" not in text


def test_the_page_is_whole_and_needs_nothing_from_elsewhere() -> None:
    nasty = Trial({"p0": "<script>alert(1)</script>", "p1": "Ada"}, office(2).probes, source="<b>")
    page = to_html(report(nasty))
    assert "<script" not in page
    assert re.findall(r"""(?:src|href)=|https?://|url[(]""", page) == []
    for svg in re.findall(r"<svg.*?</svg>", page):
        ElementTree.fromstring(svg)
    assert page.count("<svg") == 3


def test_a_trial_without_a_second_picture_of_anybody_has_a_report_all_the_same() -> None:
    alone = trial(probe("ada/1.jpg", None, bob=1.0), probe("bob/1.jpg", None, ada=1.0))
    found = report(alone)
    assert found.present.turned_away.trials == 0
    assert "Not measured" in to_html(found)
    assert to_png(charts(found)).startswith(b"\x89PNG")


def test_the_picture_shows_the_charts_below_each_other() -> None:
    drawn = charts(report(office()))
    picture = Image.open(io.BytesIO(to_png(drawn)))
    assert picture.size == (2 * drawn[0].width, 2 * sum(each.height for each in drawn))
    colours = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).getcolors()
    assert colours
    assert len(colours) > 8


def test_a_price_is_told_in_words() -> None:
    row = report(office()).present
    assert price(row) == "3 in 100 are asked twice, no stranger gets a name"
    rare = replace(row.stranger_named, hits=1, share=1 / 2000)
    one = replace(row.turned_away, hits=1, share=0.01)
    assert price(replace(row, turned_away=one, stranger_named=rare)) == (
        "1 in 100 is asked twice, 1 stranger in 2,000 gets a name"
    )
    assert price(replace(row, turned_away=replace(one, hits=0))).startswith("nobody is asked twice")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "none"),
        (1, "all"),
        (0.5, "50 in 100"),
        (0.03, "3 in 100"),
        (0.0005, "1 in 2,000"),
        (0.000123, "1 in 8,100"),
    ],
)
def test_a_share_is_told_in_words(share: float, words: str) -> None:
    assert share_in_words(share) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.05, "1 in 20"), (0.072, "1 in 13"), (0.61, "61 in 100"), (1, "100 in 100")]
)
def test_an_upper_end_is_never_told_smaller_than_it_is(share: float, words: str) -> None:
    assert at_most_in_words(share) == words


def test_a_door_with_a_threshold_of_its_own_is_judged_by_it() -> None:
    found = make_report(
        office(),
        threshold_pct=99.0,
        margin_pct=1.0,
        made_at="2026-11-24T20:00:00.000Z",
        own_policies={"vault": (99.95, 1.0), "garage": (90.0, 0.5)},
    )
    garage, vault = found.own_policies
    assert (garage.kiosk_id, garage.row.turned_away.hits, garage.row.stranger_named.hits) == ("garage", 0, 6)
    assert (vault.kiosk_id, vault.row.turned_away.share, vault.row.stranger_named.hits) == ("vault", 1.0, 0)
    assert "Doors with a threshold of their own" in to_html(found)
