"""The list of visits, a visit's page and what is done there, in front of a real HTTP server."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import html5lib
import pytest
from flask.testing import FlaskClient
from PIL import Image

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.web.app import make_app
from kiosk.web.days import NoDay, bounds, day_of, zone_of
from kiosk.web.thumbnails import MAX_BYTES, SIDE_PX, Thumbnails, thumbnail
from kiosk.web.words import ago
from tests.kiosk.api_server import ApiServer
from tests.kiosk.conftest import picture_of

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
NASTY = [
    "<script>alert(1)</script>",
    "x" * 10_000,
    "\u05d0\u05d3\u05d4 \u202eevil",
    "👩‍🚀 & Co",
    '" onclick="',
]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday

integration = pytest.mark.integration


@pytest.fixture
def page(api: ApiClient) -> FlaskClient:
    return make_app(api, development=True).test_client()


def seen(api: ApiClient, who: str | None = None) -> str:
    """A visit of somebody; its capture id."""
    capture_id = new_capture_id()
    api.hand_in(picture_of(who) if who else picture_of(), kiosk_id="web", capture_id=capture_id)
    return capture_id


@integration
@pytest.mark.parametrize("name", NASTY, ids=["script", "long", "rtl", "emoji", "quote"])
def test_every_page_is_valid_html_whatever_people_are_called(
    page: FlaskClient, api: ApiClient, name: str
) -> None:
    api.put_person("ada", name=name)
    known, stranger = seen(api, "ada"), seen(api)
    paths = ["/", "/visits", "/visits?who=a&day=never", "/kiosks", "/_components", "/nothing"]
    for capture_id in (known, stranger):
        paths += [f"/sightings/{capture_id}", f"/sightings/{capture_id}?find=a&said=corrected-can-learn"]
    for path in paths:
        text = page.get(path).text
        html5lib.HTMLParser(strict=True).parse(text)
        assert "<script>" not in text, path
        assert "onclick=" not in re.sub(r"&#34; onclick=", "", text), path
        assert "\u202e" not in text, path


@integration
def test_visits_are_found_by_name_door_and_outcome_in_the_address(page: FlaskClient, api: ApiClient) -> None:
    api.put_person("ada", name="Ada Lovelace")
    known, stranger = seen(api, "ada"), seen(api)
    for query, found in {
        "": {known, stranger},
        "who=lovelace": {known},
        "person=ada": {known},
        "outcome=unknown": {stranger},
        "door=front": set[str](),
    }.items():
        text = page.get(f"/visits?{query}").text
        assert set(re.findall(r'href="/sightings/([^"/]+)"', text)) == found, query


@integration
def test_a_name_that_several_have_is_a_choice_and_one_that_nobody_has_is_said(
    page: FlaskClient, api: ApiClient
) -> None:
    api.put_person("ada", name="Ada Lovelace")
    api.put_person("ada-2", name="Ada Byron")
    choice = page.get("/visits?who=ada").text
    assert "person=ada&amp;" in choice or "person=ada-2" in choice
    assert "Whom do you mean?" in choice
    nobody = page.get("/visits?who=zoe")
    assert nobody.status_code == 400
    assert "Nobody who is enrolled has such a name." in nobody.text


@integration
def test_the_list_goes_on_on_pages_that_keep_the_filter(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    visits = [seen(api) for _ in range(3)]
    server.page_size = 2
    first = page.get("/visits?outcome=unknown").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = page.get(older[1].replace("&amp;", "&")).text
    shown = [re.findall(r'href="/sightings/([^"/]+)"', text) for text in (first, second)]
    assert shown == [visits[:0:-1], visits[:1]]
    assert 'rel="next"' not in second


@integration
def test_what_is_filtered_is_there_as_csv_that_no_spreadsheet_calculates(
    page: FlaskClient, api: ApiClient
) -> None:
    api.put_person("ada", name="=1+1")
    known, _ = seen(api, "ada"), seen(api)
    answer = page.get("/visits.csv?person=ada")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["capture_id"], row["name"]) == (known, "'=1+1")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert page.get("/visits.csv?day=never").status_code == 400


@integration
def test_a_visit_shows_its_candidates_on_one_scale_with_the_threshold(
    page: FlaskClient, api: ApiClient
) -> None:
    api.put_person("ada", name="Ada Lovelace")
    text = page.get(f"/sightings/{seen(api, 'ada')}").text
    assert "Ada Lovelace" in text
    assert 'class="length recognized"' in text
    assert 'class="length unknown"' in text
    assert "Somebody forgotten since" in text, "a candidate who is not on record any more"
    assert 'class="threshold"' in text


@integration
def test_a_stranger_is_enrolled_from_the_page_of_the_visit(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    visit = seen(api)
    answer = page.post(f"/sightings/{visit}/newcomer", data={"name": "Zoë Müller"}, headers=OUR_PAGE)
    assert answer.status_code == 303
    assert server.people["zoe-muller"]["name"] == "Zoë Müller"
    assert server.sightings[visit]["person_id"] == "zoe-muller"
    assert [photo["photo_id"] for photo in api.photos("zoe-muller")] == [f"capture-{visit}.jpg"]
    assert "first photo" in page.get(answer.location).text
    again = page.post(f"/sightings/{seen(api)}/newcomer", data={"name": "Zoë Müller"}, headers=OUR_PAGE)
    assert again.status_code == 409
    assert page.post(f"/sightings/{visit}/newcomer", headers=OUR_PAGE).status_code == 400


@integration
def test_after_a_correction_the_picture_can_become_a_photo(page: FlaskClient, api: ApiClient) -> None:
    api.put_person("ada", name="Ada")
    visit = seen(api)
    answer = page.post(f"/sightings/{visit}/correction", data={"person_id": "ada"}, headers=OUR_PAGE)
    assert "Use as a photo of" in page.get(answer.location).text
    answer = page.post(f"/sightings/{visit}/photo", headers=OUR_PAGE)
    assert answer.status_code == 303
    assert [photo["photo_id"] for photo in api.photos("ada")] == [f"capture-{visit}.jpg"]


@integration
def test_a_small_picture_is_made_once_and_nobody_keeps_it(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    visit = seen(api)
    for _ in range(3):
        answer = page.get(f"/sightings/{visit}/thumbnail?face=0.3,0.2,0.2,0.3")
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(answer.data) <= MAX_BYTES
    assert server.asked.count(("GET", f"/sightings/{visit}/photo")) == 1


def noise(size: tuple[int, int]) -> bytes:
    written = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(written, "JPEG", quality=95)
    return written.getvalue()


@pytest.mark.parametrize("face", [None, (0.4, 0.4, 0.1, 0.1), (-0.5, -0.5, 3.0, 3.0), (0.99, 0.99, 0.5, 0.5)])
@pytest.mark.parametrize("size", [(640, 480), (90, 1200), (8, 8)])
def test_fifty_small_pictures_fit_in_250_kb_whatever_they_show(
    size: tuple[int, int], face: tuple[float, float, float, float] | None
) -> None:
    small = thumbnail(noise(size), face)
    assert len(small) <= MAX_BYTES
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.size == (SIDE_PX, SIDE_PX)


def test_each_viewer_s_look_is_fetched_and_a_kept_picture_is_gone_after_ten_minutes() -> None:
    now_s, fetched = 0.0, count()
    kept = Thumbnails(clock=lambda: now_s)

    def look(viewer: str) -> None:
        kept.of(viewer, "c1", None, lambda: (next(fetched), noise((64, 64)))[1])

    for viewer in ("ada", "ada", "tom"):
        look(viewer)
    assert next(fetched) == 2
    now_s = 600.0
    look("ada")
    assert next(fetched) == 4
    assert len(kept._kept) == 1


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("today", date(2026, 11, 24)),
        ("Yesterday", date(2026, 11, 23)),
        ("last Tuesday", date(2026, 11, 17)),
        ("monday", date(2026, 11, 23)),
        ("  last   wednesday ", date(2026, 11, 18)),
        ("2026-02-28", date(2026, 2, 28)),
    ],
)
def test_days_are_understood_as_people_say_them(words: str, day: date) -> None:
    assert day_of(words, NOW.date()) == day


@pytest.mark.parametrize("words", ["never", "2026-02-30", "last", "", "\x00", "9" * 300])
def test_what_is_no_day_is_said(words: str) -> None:
    with pytest.raises(NoDay, match="last Tuesday"):
        day_of(words, NOW.date())


def test_a_day_is_the_viewer_s_and_as_long_as_their_clock_makes_it() -> None:
    begin, end = bounds(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    assert begin == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert end - begin == timedelta(hours=25)
    for day in (date.max, date.min):
        with pytest.raises(NoDay):
            bounds(day, ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("name", [None, "", "nowhere", "../etc/passwd", "x" * 100, "Europe", "\x00"])
def test_a_zone_that_is_none_is_utc(name: str | None) -> None:
    assert zone_of(name) is UTC


def test_times_are_said_relative_to_now() -> None:
    said = [
        ago(f"{NOW - timedelta(seconds=past_s):%Y-%m-%dT%H:%M:%SZ}", NOW, UTC)
        for past_s in (5, 60, 7300, 90000)
    ]
    assert said == ["just now", "1 minute ago", "2 hours ago", "Mon 23 Nov"]
    assert ago("x", NOW, UTC) == "x"
