"""Who may call which route of the gateway, with which token."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.adapters.database import open_database
from local.adapters.tokens import SqliteTokens
from local.gateway.access import WRONG_TOKEN_S
from recognizeme.domain.errors import NotFound, ServiceBusy
from recognizeme.entry.routes import ROUTES, Caller, Role, Route
from tests.architecture.test_routes import CALLERS, MAY_CALL, path_of
from tests.local.gateway.test_host import Answer, Handed, Recorded, access, ask, asking

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[SqliteTokens]:
    with open_database(tmp_path / "tokens.db") as database:
        yield SqliteTokens(database)


class Slept:
    """Sleeps in no time, and remembers."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []

    async def __call__(self, wait_s: float) -> None:
        self.waits_s.append(wait_s)


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_every_route_lets_in_the_tokens_of_its_roles_and_no_others(
    tokens: SqliteTokens, route: Route
) -> None:
    functions = Recorded()
    app = functions.app(access(tokens=tokens))
    for who, caller in CALLERS.items():
        token, _ = tokens.add(caller, now=NOW)
        answer = ask(app, route.method, path_of(route), headers=bearer(token))
        assert answer.status == (200 if who in MAY_CALL[route.key] else 403), who
        if answer.status == 403:
            assert answer.problem["type"] == "urn:recognizeme:problem:forbidden"
    assert len(functions.events) == len(MAY_CALL[route.key])


@pytest.mark.parametrize("path", ["/kiosks/back/captures", "/kiosks/web/captures"])
def test_a_doors_token_opens_no_other_kiosks_routes(path: str) -> None:
    functions = Recorded()
    app = functions.app(access({"front's": Caller(Role.DOOR, "front")}))
    problem = ask(app, "POST", path, headers=bearer("front's")).problem
    assert problem["detail"] == "this token is for /kiosks/front/ alone"
    assert functions.events == []


def test_the_reception_hands_in_by_the_page_alone() -> None:
    app = Recorded().app(access({"desk": Caller(Role.RECEPTION)}))
    assert ask(app, "POST", "/kiosks/web/captures", headers=bearer("desk")).status == 200
    assert ask(app, "POST", "/kiosks/front/captures", headers=bearer("desk")).status == 403


@pytest.mark.parametrize(
    "headers", [[], bearer("wrong"), [("authorization", "right")], [("authorization", "Basic right")]]
)
def test_as_soon_as_there_is_a_token_nobody_comes_in_without_one_also_on_loopback(
    headers: list[tuple[str, str]],
) -> None:
    functions = Recorded()
    answer = ask(
        functions.app(access({"right": Caller(Role.ADMIN)}, sleep=Slept())), "GET", "/people", headers=headers
    )
    assert answer.problem["type"] == "urn:recognizeme:problem:unauthorized"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert functions.events == []


def test_an_address_that_others_reach_is_never_open() -> None:
    assert ask(Recorded().app(access(required=True)), "GET", "/people").status == 401


def test_the_stacks_own_token_comes_in_under_any_name_of_the_host() -> None:
    app = Recorded().app(access(own={"own": Caller(Role.ADMIN)}, required=True))
    headers = [*bearer("own"), ("host", "door.example")]
    assert ask(app, "POST", "/replays", headers=headers).status == 200


def test_a_token_counts_from_when_it_is_added_until_it_is_revoked(tokens: SqliteTokens) -> None:
    app = Recorded().app(access(tokens=tokens, sleep=Slept()))

    def status(*headers: tuple[str, str]) -> int:
        return ask(app, "GET", "/people", headers=headers).status

    assert status() == 200
    token, issued = tokens.add(Caller(Role.MANAGER), now=NOW)
    other, _ = tokens.add(Caller(Role.RECEPTION), now=NOW)
    assert (status(), status(*bearer(token)), status(*bearer(other))) == (401, 200, 200)
    tokens.revoke(issued.token_id)
    assert (status(*bearer(token)), status(*bearer(other))) == (401, 200)
    with pytest.raises(NotFound, match="token list"):
        tokens.revoke(issued.token_id)


def test_a_wrong_token_waits_for_its_answer_and_a_right_or_missing_one_does_not() -> None:
    slept = Slept()
    app = Recorded().app(access({"right": Caller(Role.ADMIN)}, sleep=slept))
    ask(app, "GET", "/people", headers=bearer("right"))
    ask(app, "GET", "/people")
    assert slept.waits_s == []
    for guess in ("wrong", "right ", "", "r\u00ef"):
        ask(app, "GET", "/people", headers=bearer(guess))
    assert slept.waits_s == [WRONG_TOKEN_S] * (4 - 1)  # space around a token is no part of it
    assert WRONG_TOKEN_S >= 1


def test_an_address_that_guesses_many_tokens_at_once_is_not_looked_at_for_a_while() -> None:
    async def guess() -> list[int]:
        may_go_on = asyncio.Event()

        async def sleep(_: float) -> None:
            await may_go_on.wait()

        app = Recorded().app(access({"right": Caller(Role.ADMIN)}, sleep=sleep))

        async def status(token: str, address: str = "127.0.0.1") -> int:
            return (await asking(app, "GET", "/people", headers=bearer(token), address=address)).status

        guesses = [asyncio.create_task(status("wrong")) for _ in range(8)]
        await asyncio.sleep(0)
        during = [await status("right"), await status("wrong"), await status("right", "192.0.2.7")]
        may_go_on.set()
        return [*during, *await asyncio.gather(*guesses), await status("right")]

    assert asyncio.run(guess()) == [503, 503, 200, *[401] * 8, 200]


def test_a_database_that_does_not_answer_lets_nobody_in() -> None:
    class Stuck(Handed):
        def any(self) -> bool:
            raise ServiceBusy("the disk does not answer; try again")

    functions = Recorded()
    answer: Answer = ask(functions.app(access(tokens=Stuck())), "GET", "/people")
    assert (answer.problem["status"], answer.headers["retry-after"]) == (503, "1")
    assert functions.events == []


def test_no_token_can_be_read_from_what_is_stored(tmp_path: Path) -> None:
    with open_database(tmp_path / "tokens.db") as database:
        token, issued = SqliteTokens(database).add(Caller(Role.DOOR, "front"), now=NOW)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert issued.token_id.encode() in stored
    assert token.encode() not in stored
    assert len(token) >= 32


def test_tokens_are_listed_the_oldest_first(tokens: SqliteTokens) -> None:
    for caller in (Caller(Role.DOOR, "front"), Caller(Role.ADMIN)):
        tokens.add(caller, now=NOW)
    assert {issued.caller for issued in tokens.all()} == {Caller(Role.DOOR, "front"), Caller(Role.ADMIN)}
    assert {issued.created_at for issued in tokens.all()} == {NOW}


def test_the_functions_are_told_which_token_calls(tokens: SqliteTokens) -> None:
    functions = Recorded()
    app = functions.app(access(tokens=tokens))
    token, issued = tokens.add(Caller(Role.MANAGER), now=NOW)

    ask(app, "GET", "/people", headers=bearer(token))

    ((_, event),) = functions.events
    assert event["requestContext"]["authorizer"] == {"lambda": {"principal": f"token {issued.token_id}"}}


def test_without_tokens_it_is_this_machine_that_calls() -> None:
    functions = Recorded()

    ask(functions.app(), "GET", "/people")

    ((_, event),) = functions.events
    assert event["requestContext"]["authorizer"] == {"lambda": {"principal": "this machine"}}
