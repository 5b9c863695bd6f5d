"""What happens is told by a whole stack, whatever of it is killed: at least once, and doubles have one id."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from local.data_folder import DataFolder
from local.kiosk_watch import KioskEvent
from local.stack import Stack, _announce
from local.wiring import DATA, URL, LocalParts
from recognizeme.domain.kiosks import KioskState
from tests.local import test_kills
from tests.local.runtime.test_functions import eventually
from tests.portraits import ASTRONAUT
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.integration

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KILLS = 12


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def rule(receiver: Receiver, *events: str) -> dict[str, object]:
    return {
        "events": list(events), "channel": "webhook", "to": receiver.url, "secret": "hook", "cooldown_s": 0,
    }  # fmt: skip


def ids(receiver: Receiver) -> list[str]:
    """The ids of the messages that arrived, each with the right signature."""
    return [Webhook(KEY).verify(body, headers)["id"] for headers, body in list(receiver.got)]


@pytest.fixture
def told(data: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack that tells the receiver of whoever is recognized."""
    monkeypatch.setenv("RECOGNIZEME_SECRET_HOOK", KEY)
    with Stack(DataFolder(data)) as stack:
        with ApiClient(stack.url) as api:
            api.put_rule("hook", rule(receiver, "recognized", "kiosk_gone"))
        yield stack


def test_a_visit_is_told_with_the_name_and_after_an_outage_of_the_receiver(
    told: Stack, receiver: Receiver
) -> None:
    receiver.status = 503
    capture_id = new_capture_id()
    with ApiClient(told.url) as api:
        api.put_person("collins", name="Eileen Collins")
        api.enroll_photo("collins", "1.png", ASTRONAUT.read_bytes(), content_type="image/png")
        api.recognize(test_kills.face(), kiosk_id="front", capture_id=capture_id, timeout_s=30)
        assert eventually(lambda: len(receiver.got) == 1, 30)
        receiver.status = 204
        assert eventually(lambda: len(receiver.got) == 2, 30)  # the first wait is five seconds

        assert set(ids(receiver)) == {f"{capture_id}.hook"}
        assert b"Eileen Collins was seen at front" in receiver.got[1][1]
        assert eventually(lambda: [each["state"] for each in api.notifications(9)] == ["sent"], 10)
        (notice,) = api.notifications(9)
        assert notice["attempts"] == 1


def test_a_kiosk_that_is_gone_is_told(told: Stack, receiver: Receiver, data: Path) -> None:
    parts = LocalParts.from_env({DATA: str(data), URL: told.url})
    _announce(parts, KioskEvent("front", KioskState.OFFLINE, datetime(2026, 11, 23, 8, tzinfo=UTC)))

    assert eventually(lambda: len(receiver.got) == 1, 30)
    assert b"The kiosk at front has seen nothing since 2026-11-23 at 08:00 UTC." in receiver.got[0][1]
    parts.database.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("victim", ["notification", "host"])
def test_kills_at_any_moment_lose_no_message_and_double_none_but_under_its_id(
    data: Path, receiver: Receiver, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOGNIZEME_SECRET_HOOK", KEY)
    monkeypatch.setenv("RECOGNIZEME_LEASE_S", "5")
    stack = test_kills.Stack(data)
    pauses = random.Random(victim)
    try:
        with ApiClient(stack.up.url) as api:
            api.put_person("collins", name="Eileen Collins")
            api.enroll_photo("collins", "1.png", ASTRONAUT.read_bytes(), content_type="image/png")
            api.put_rule("hook", rule(receiver, "recognized"))
            kiosks = test_kills.Kiosks(stack.up.url, test_kills.face())
            kills = 0
            while kills < KILLS:
                time.sleep(pauses.uniform(0.1, 1.5))
                kills += stack.kill(victim)
            # However long a busy machine takes to start again: enough must have happened meanwhile.
            assert eventually(lambda: len(kiosks.acknowledged) >= KILLS, test_kills.SETTLE_S)
            kiosks.stop()

            expected = {f"{capture_id}.hook" for capture_id in kiosks.acknowledged}
            assert eventually(lambda: expected <= set(ids(receiver)), test_kills.SETTLE_S)
            assert set(ids(receiver)) == expected
            assert len(receiver.got) <= len(expected) + KILLS  # a kill doubles what is just being sent
    finally:
        stack.up.process.kill()
        stack.up.process.communicate()
