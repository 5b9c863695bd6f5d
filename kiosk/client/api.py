"""The RecognizeMe API as a client sees it: docs/api.md in Python, with a time limit on every call."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self
from urllib.parse import quote

from kiosk.client.capture_id import captured_at
from kiosk.client.errors import AlreadyDone, Busy, NotFound, NotYetDone, Unreachable
from kiosk.client.sighting import Sighting
from kiosk.client.wire import DEFAULT_URL, Json, Wire

MAX_DIRECT_BYTES = 4 * 1024 * 1024  # what fits a Lambda request once API Gateway has base64-encoded it

Path = Literal["upload", "immediate"]

_PATIENCE_S = 60.0
_FIRST_WAIT_S, _LONGEST_WAIT_S, _WAIT_GROWTH = 0.02, 1.0, 1.5


class ApiClient:
    """One API, over kept-alive connections. Every method raises an `ApiError` of kiosk/client/errors.py.

    `token` is sent as a bearer token, in the clear only on this machine or with `insecure_http`; requests to
    an AWS address are signed (SigV4) instead. `timeout_s` limits each request, also where a method is given
    more; `clock` and `sleep` are monotonic seconds.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        token: str | None = None,
        timeout_s: float = 30.0,
        insecure_http: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wire = Wire(url, token=token, timeout_s=timeout_s, insecure_http=insecure_http, clock=clock)
        self._clock = clock
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The API's address, without a slash at its end."""
        return self._wire.url

    @property
    def is_aws(self) -> bool:
        """Whether this is an API on AWS, where each call of Rekognition is paid for."""
        return self._wire.is_aws

    def refuse_plain_http(self, what: str) -> None:
        """Raise `Refused` where others could read or change `what` on the way, unless that was allowed."""
        self._wire.refuse_plain_http(what)

    def act_for(self, who: Callable[[], str | None]) -> None:
        """Have `who` say of each call on whose behalf it is made, by a user's name or None."""
        self._wire.on_behalf_of = who

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    # --- captures and sightings ---

    def hand_in(
        self,
        picture: bytes,
        *,
        kiosk_id: str,
        capture_id: str,
        path: Path = "upload",
        timeout_s: float = 10.0,
        content_type: str = "image/jpeg",
        liveness: str = "not_asked",
    ) -> Sighting:
        """Hand a picture in and return its sighting once it is `done` or `failed`.

        Raises `NotYetDone` when the picture was taken in but not recognized within `timeout_s`, `Refused`
        when it never will be, and `Unreachable`, `Busy`, `TicketRefused` or `Unauthorized` when handing the
        same capture in again is right.
        """
        deadline = self._clock() + timeout_s
        hand_over = self.recognize if path == "immediate" else self.upload
        sighting = hand_over(
            picture,
            kiosk_id=kiosk_id,
            capture_id=capture_id,
            content_type=content_type,
            timeout_s=timeout_s,
            liveness=liveness,
        )
        if sighting and sighting.is_final:
            return sighting
        return self.await_sighting(capture_id, kiosk_id=kiosk_id, timeout_s=deadline - self._clock())

    def upload(
        self,
        picture: bytes,
        *,
        kiosk_id: str,
        capture_id: str,
        content_type: str = "image/jpeg",
        timeout_s: float | None = None,
        liveness: str = "not_asked",
    ) -> None:
        """Ask for an upload ticket and store the picture with it; the recognition starts by itself.

        Does nothing for a capture that has its sighting already: that is how an answer was lost.
        """
        request: Json = {"capture_id": capture_id, "content_type": content_type, "liveness": liveness}
        route = f"/kiosks/{_segment(kiosk_id)}/captures"
        try:
            ticket = self._wire.call("POST", route, json=request, timeout_s=timeout_s)
        except AlreadyDone:
            return
        self._wire.use_ticket(ticket, picture, timeout_s=timeout_s)

    def recognize(
        self,
        picture: bytes,
        *,
        kiosk_id: str,
        capture_id: str,
        content_type: str = "image/jpeg",
        timeout_s: float | None = None,
        liveness: str = "not_asked",
    ) -> Sighting:
        """Hand a picture of at most 4 MiB in and wait; `pending` when it is being recognized elsewhere."""
        document = self._wire.call(
            "POST",
            f"/kiosks/{_segment(kiosk_id)}/recognitions",
            params={"capture_id": capture_id, "liveness": liveness},
            data=picture,
            content_type=content_type,
            timeout_s=timeout_s,
        )
        return self._sighting_of(document, capture_id, kiosk_id)

    def await_sighting(self, capture_id: str, *, kiosk_id: str | None = None, timeout_s: float) -> Sighting:
        """Ask for a sighting, in growing steps, until it is final. Raises `NotYetDone` after `timeout_s`."""
        for remaining_s in self._tries(timeout_s):
            try:
                sighting = self.sighting(capture_id, kiosk_id=kiosk_id, timeout_s=remaining_s)
            except (NotFound, Unreachable, Busy):
                continue  # its recognition has not begun, or the question was lost; the picture is not
            if sighting.is_final:
                return sighting
        raise NotYetDone(
            f"the picture was handed in to {self.url}, but no result came in time; look again later"
        )

    def sighting(
        self, capture_id: str, *, kiosk_id: str | None = None, timeout_s: float | None = None
    ) -> Sighting:
        """One sighting, of any kiosk or as a kiosk sees its own. Raises `NotFound` until it has begun."""
        of = "" if kiosk_id is None else f"/kiosks/{_segment(kiosk_id)}"
        document = self._wire.call("GET", f"{of}/sightings/{_segment(capture_id)}", timeout_s=timeout_s)
        return self._sighting_of(document, capture_id, kiosk_id)

    def sightings(
        self,
        *,
        person_id: str | None = None,
        kiosk_id: str | None = None,
        outcome: str | None = None,
        group: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Sighting]:
        """Sightings, newest first, page after page; `limit` ends it early. Times are ISO 8601."""
        filters = {
            "person_id": person_id,
            "kiosk_id": kiosk_id,
            "outcome": outcome,
            "group": group,
            "since": since,
            "until": until,
        }
        return map(self._sighting, self._items("/sightings", filters, limit=limit))

    def sightings_page(
        self, *, cursor: str | None = None, limit: int, **filters: str | None
    ) -> tuple[list[Sighting], str | None]:
        """One page of `sightings`, with its filters, and the cursor of the next one; None on the last."""
        items, next_cursor = self._page("/sightings", filters | {"cursor": cursor, "limit": str(limit)})
        return list(map(self._sighting, items)), next_cursor

    def sighting_photo(self, capture_id: str) -> bytes:
        """The picture of a sighting, fetched through the short-lived link the API gives."""
        link = self._wire.call("GET", f"/sightings/{_segment(capture_id)}/photo")
        return self._wire.fetch(str(link.get("url", "")))

    def correct(self, capture_id: str, *, person_id: str | None) -> tuple[Sighting, bool]:
        """Say who a sighting really was; None is somebody not enrolled. Also whether it can be learned."""
        route = f"/sightings/{_segment(capture_id)}/correction"
        document = self._wire.call("POST", route, json={"person_id": person_id})
        return self._sighting_of(document, capture_id, None), document.get("can_learn") is True

    def teach(self, capture_id: str, *, learn: bool = False, not_person_id: str | None = None) -> Json:
        """Take a sighting's picture as a photo of whom it shows, or remember whom it does not show."""
        route = f"/sightings/{_segment(capture_id)}/lessons"
        answer = self._wire.call(
            "POST", route, json={"learn": learn, "not_person_id": not_person_id}, is_once=True
        )
        return self._with(answer, "photo", "lesson")

    def take_back(self, capture_id: str) -> Json:
        """Forget whom a sighting's picture does not show. Raises `NotFound`."""
        answer = self._wire.call("DELETE", f"/sightings/{_segment(capture_id)}/lessons")
        return self._with(answer, "not_person_ids")

    def lessons(self) -> Iterator[Json]:
        """Of which pictures it is remembered whom they do not show; newest first."""
        return self._items("/lessons", {}, limit=None)

    def strangers(self, *, state: str | None = None, limit: int | None = None) -> Iterator[Json]:
        """Unknown visitors by likeness, page after page: those who wait for a decision, or in a state."""
        return self._items("/strangers", {"state": state}, limit=limit)

    def stranger(self, stranger_id: str) -> Json:
        """One stranger, with their visits. Raises `NotFound`."""
        answer = self._wire.call("GET", f"/strangers/{_segment(stranger_id)}")
        return self._with(answer, "stranger_id", "state", "visits", "kiosks", "sightings")

    def name_stranger(
        self,
        stranger_id: str,
        *,
        person_id: str | None = None,
        name: str | None = None,
        consent: Json | None = None,
    ) -> Json:
        """Say who a stranger is. Raises `NotFound`."""
        said = {"person_id": person_id, "name": name, "consent": consent}
        answer = self._wire.call(
            "POST",
            f"/strangers/{_segment(stranger_id)}/name",
            json={member: value for member, value in said.items() if value is not None},
            is_once=True,
        )
        return self._with(answer, "stranger_id", "named_visits", "photos")

    def ignore_stranger(self, stranger_id: str) -> Json:
        """Say that a stranger is of no interest. Raises `NotFound`."""
        return self._with(self._wire.call("POST", f"/strangers/{_segment(stranger_id)}/ignore"), "state")

    def discard_stranger(self, stranger_id: str) -> Json:
        """Remove a stranger, with pictures and faces. Raises `NotFound`."""
        return self._with(self._wire.call("POST", f"/strangers/{_segment(stranger_id)}/discard"), "state")

    # --- people and their photos ---

    def people(
        self, *, name: str | None = None, group: str | None = None, limit: int | None = None
    ) -> Iterator[Json]:
        """People, page after page: everybody, or those with such a word in their name, or of a group."""
        return self._items("/people", {"name": name, "group": group}, limit=limit)

    def people_page(
        self, *, name: str | None = None, group: str | None = None, cursor: str | None = None, limit: int
    ) -> tuple[list[Json], str | None]:
        """One page of `people`, and the cursor of the next one; None on the last."""
        params = {"name": name, "group": group, "cursor": cursor, "limit": str(limit)}
        return self._page("/people", params)

    def person(self, person_id: str) -> Json:
        """One person. Raises `NotFound`."""
        return self._with(
            self._wire.call("GET", f"/people/{_segment(person_id)}"), "person_id", "name", "faces"
        )

    def put_person(
        self, person_id: str, *, name: str, consent: Mapping[str, str | None] | None = None
    ) -> Json:
        """Create or rename a person; `consent` is `{"given_at": ISO 8601, "recorded_by": who}`."""
        return self.change_person(person_id, {"name": name} | ({"consent": consent} if consent else {}))

    def change_person(self, person_id: str, change: Mapping[str, Any]) -> Json:
        """Change what is given of a person, as docs/api.md names it; the rest stays. Raises `NotFound`."""
        return self._wire.call("PUT", f"/people/{_segment(person_id)}", json=dict(change))

    def enroll_photo(
        self,
        person_id: str,
        photo_id: str,
        picture: bytes,
        *,
        content_type: str = "image/jpeg",
        accept_poor: bool = False,
        allow_duplicate: str | None = None,
        timeout_s: float | None = None,
    ) -> Json:
        """Add a photo of at most 4 MiB; return what became of it: `indexed`, or `refused` and why.

        With `accept_poor` a face of poor quality is taken; with `allow_duplicate`, the reason, one that looks
        like somebody else's.
        """
        params = {"photo_id": photo_id, "allow_duplicate": allow_duplicate}
        return self._wire.call(
            "POST",
            f"/people/{_segment(person_id)}/photos",
            params=_given(params | ({"accept_poor": "true"} if accept_poor else {})),
            data=picture,
            content_type=content_type,
            timeout_s=timeout_s,
            is_once=True,
        )

    def photos(self, person_id: str) -> Iterator[Json]:
        """A person's photos and what became of them."""
        return self._items(f"/people/{_segment(person_id)}/photos", {}, limit=None)

    def enrolled_photo(self, person_id: str, photo_id: str) -> bytes:
        """A photo itself, fetched through the short-lived link the API gives. Raises `NotFound`."""
        link = self._wire.call("GET", f"/people/{_segment(person_id)}/photo", params={"photo_id": photo_id})
        return self._wire.fetch(str(link.get("url", "")))

    def remove_photo(self, person_id: str, photo_id: str) -> Json:
        """Remove a photo; return what is left of its record. Raises `NotFound`."""
        route = f"/people/{_segment(person_id)}/photos/{_segment(photo_id)}"
        return self._with(self._wire.call("DELETE", route), "photo_id", "state")

    def neighbours(self, person_id: str) -> Iterator[Json]:
        """Compare each of the person's faces with all others, page after page, at one paid call a face.

        Each page holds `items`, `threshold_pct` and `margin_pct`. A busy service is waited for.
        """
        route, params, patience_s = f"/people/{_segment(person_id)}/neighbours", dict[str, str](), _PATIENCE_S
        while True:
            try:
                answer = self._wire.call("POST", route, params=params)
            except Busy as error:
                wait_s = error.retry_after_s or _LONGEST_WAIT_S
                if (patience_s := patience_s - wait_s) < 0:
                    raise
                self._sleep(wait_s)
                continue
            yield self._with(answer, "items", "threshold_pct", "margin_pct")
            if not answer.get("next_cursor"):
                return
            params["cursor"], patience_s = answer["next_cursor"], _PATIENCE_S

    def merge(self, person_id: str, *, into: str) -> Json:
        """Have a person count as another; return the person. Raises `NotFound`."""
        route = f"/people/{_segment(person_id)}/merge"
        return self._with(
            self._wire.call("POST", route, json={"into": into}, is_once=True), "person_id", "merged_into"
        )

    def unmerge(self, person_id: str) -> Json:
        """Take a merge back; return the person. Raises `NotFound`."""
        return self._with(self._wire.call("DELETE", f"/people/{_segment(person_id)}/merge"), "person_id")

    def forget(self, person_id: str) -> Json:
        """Remove a person with faces, photos and captures; return the receipt. Raises `NotFound`."""
        answer = self._wire.call("DELETE", f"/people/{_segment(person_id)}")
        return self._with(answer, "forgotten", "removed", "verified")

    def remains(self, person_id: str) -> Json:
        """What a look into every store finds of a person, forgotten or not."""
        return self._with(self._wire.call("GET", f"/remains/{_segment(person_id)}"), "found", "verified")

    # --- the rest ---

    def stats(self, *, since: str | None = None, until: str | None = None, group: str | None = None) -> Json:
        """Counts per day and kiosk, their total, and a call's price; by default of the last 7 days."""
        params = _given({"since": since, "until": until, "group": group})
        return self._with(self._wire.call("GET", "/stats", params=params), "items", "total")

    def audit(
        self,
        *,
        person_id: str | None = None,
        principal: str | None = None,
        on_behalf_of: str | None = None,
        action: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Json]:
        """Lines of the audit log, newest first, page after page; `limit` ends it early."""
        filters = {
            "person_id": person_id,
            "principal": principal,
            "on_behalf_of": on_behalf_of,
            "action": action,
            "since": since,
            "until": until,
        }
        return self._items("/audit", filters, limit=limit)

    def audit_page(
        self, *, cursor: str | None = None, limit: int, **filters: str | None
    ) -> tuple[list[Json], str | None]:
        """One page of `audit`, with its filters, and the cursor of the next one; None on the last."""
        return self._page("/audit", filters | {"cursor": cursor, "limit": str(limit)})

    def replay(self, *, limit: int) -> Json:
        """Have at most `limit` (1-1000) events that failed for good handled again."""
        answer = self._wire.call("POST", "/replays", params={"limit": str(limit)}, is_once=True)
        return self._with(answer, "replayed", "skipped")

    def check_collection(self, *, remove_orphans: bool, build_users: bool = False) -> Json:
        """Look for faces whose person does not exist, and have those of the forgotten, or all, removed.

        With `build_users` faces become part of their person's vector, some people at a time.
        """
        params = {
            name: "true" for name, asked in (("remove", remove_orphans), ("users", build_users)) if asked
        }
        answer = self._wire.call("POST", "/collection-checks", params=params)
        return self._with(answer, "faces", "removing", "orphans")

    def reindex(self, step: str, *, cursor: str | None = None) -> Json:
        """Do a part of a step towards a new collection; `next_cursor` says where to go on."""
        answer = self._wire.call("POST", "/reindexes", json={"step": step, "cursor": cursor})
        return self._with(answer, "in_use", "photos", "next_cursor")

    def health(self, *, timeout_s: float | None = None) -> Json:
        """That the API is up, and its version."""
        return self._wire.call("GET", "/health", timeout_s=timeout_s)

    def description(self) -> Json:
        """The API's own description, openapi.json."""
        return self._with(self._wire.call("GET", "/openapi.json"), "openapi", "paths")

    def heartbeat(self, kiosk_id: str, report: Mapping[str, Any]) -> Json:
        """Say how the kiosk is doing; the answer says which policy it is to run."""
        return self._wire.call("POST", f"/kiosks/{_segment(kiosk_id)}/heartbeat", json=dict(report))

    def policy(self, kiosk_id: str, *, timeout_s: float | None = None) -> Json:
        """What the office says of the kiosk's door."""
        route = f"/kiosks/{_segment(kiosk_id)}/policy"
        document = self._wire.call("GET", route, timeout_s=timeout_s)
        if document.get("kiosk_id") != kiosk_id:
            raise self._wire.unknown_answer("with the policy of another kiosk")
        return self._with(document, "version", "groups", "openings", "time_zone")

    def presence(self) -> Iterator[Json]:
        """Who is on the premises, as far as the doors know, page after page."""
        return self._items("/presence", {}, limit=None)

    def start_roll_call(self, kind: str) -> Json:
        """Begin a roll call, `drill` or `real`, with those who are in."""
        return self._with(
            self._wire.call("POST", "/rollcalls", json={"kind": kind}, is_once=True), "rollcall_id"
        )

    def roll_calls(self, *, limit: int | None = None) -> Iterator[Json]:
        """Roll calls without their lists, newest first."""
        return self._items("/rollcalls", {}, limit=limit)

    def roll_call(self, rollcall_id: str) -> Json:
        """One roll call with its list. Raises `NotFound`."""
        return self._with(self._wire.call("GET", f"/rollcalls/{_segment(rollcall_id)}"), "people", "counts")

    def tick_off(self, rollcall_id: str, person_id: str, state: str) -> Json:
        """Say how it is with somebody: `safe`, `missing` or `unaccounted`. Raises `NotFound`."""
        path = f"/rollcalls/{_segment(rollcall_id)}/people/{_segment(person_id)}"
        return self._with(self._wire.call("PUT", path, json={"state": state}), "state")

    def end_roll_call(self, rollcall_id: str) -> Json:
        """End a roll call; one that has ended stays as it is. Raises `NotFound`."""
        return self._with(
            self._wire.call("POST", f"/rollcalls/{_segment(rollcall_id)}/end"), "rollcall_id", "ended_at"
        )

    def kiosks(self) -> Iterator[Json]:
        """Every kiosk, and how it is doing."""
        return self._items("/kiosks", {}, limit=None)

    def put_kiosk(self, kiosk_id: str, change: Mapping[str, Any]) -> Json:
        """Say what the office has to say of a kiosk; what is left out stays, None takes it away."""
        return self._wire.call("PUT", f"/kiosks/{_segment(kiosk_id)}", json=dict(change))

    def remove_kiosk(self, kiosk_id: str) -> Json:
        """Remove a kiosk that was taken away; return what was known of it. Raises `NotFound`."""
        return self._wire.call("DELETE", f"/kiosks/{_segment(kiosk_id)}")

    def groups(self) -> Iterator[Json]:
        """How sure a recognition must be of each group."""
        return self._items("/groups", {}, limit=None)

    def put_group(self, group: str, change: Mapping[str, Any]) -> Json:
        """Say how sure a recognition must be of somebody of a group."""
        return self._wire.call("PUT", f"/groups/{_segment(group)}", json=dict(change))

    def rules(self) -> Iterator[Json]:
        """Every rule of what is announced to whom."""
        return self._items("/notification-rules", {}, limit=None)

    def put_rule(self, rule_id: str, change: Mapping[str, Any]) -> Json:
        """Say what is announced to whom, in the place of what the rule said before."""
        return self._wire.call("PUT", f"/notification-rules/{_segment(rule_id)}", json=dict(change))

    def remove_rule(self, rule_id: str) -> Json:
        """Remove a rule; return what it was. Raises `NotFound`."""
        return self._wire.call("DELETE", f"/notification-rules/{_segment(rule_id)}")

    def test_rule(self, rule_id: str) -> Json:
        """Send a test by a rule; return the message that waits to be sent. Raises `NotFound`."""
        return self._wire.call("POST", f"/notification-rules/{_segment(rule_id)}/test")

    def notifications(self, limit: int) -> Iterator[Json]:
        """The messages of what happened last, the newest first."""
        return self._items("/notifications", {}, limit=limit)

    def clock_ahead_s(self, *, timeout_s: float = 5.0) -> float | None:
        """How far this machine's clock is ahead of the API's, in seconds; None when it does not say."""
        return self._wire.clock_ahead_s(timeout_s=timeout_s)

    def _items(self, route: str, filters: Mapping[str, str | None], *, limit: int | None) -> Iterator[Json]:
        params = _given(filters)
        left = limit
        while left is None or left > 0:
            params["limit"] = str(100 if left is None else min(left, 100))
            items, next_cursor = self._page(route, params)
            yield from items[:left]
            left = None if left is None else left - len(items)
            if not next_cursor:
                return
            params["cursor"] = next_cursor

    def _page(self, route: str, params: Mapping[str, str | None]) -> tuple[list[Json], str | None]:
        page = self._wire.call("GET", route, params=_given(params))
        items = page.get("items")
        if not isinstance(items, list):
            raise self._wire.unknown_answer("a list without items")
        return items, page.get("next_cursor") or None

    def _tries(self, timeout_s: float) -> Iterator[float]:
        """The seconds that remain, again and again with growing waits between, until they are used up."""
        deadline = self._clock() + timeout_s
        wait_s = _FIRST_WAIT_S
        while (remaining_s := deadline - self._clock()) > 0:
            yield remaining_s
            self._sleep(min(wait_s, max(0.0, deadline - self._clock())))
            wait_s = min(wait_s * _WAIT_GROWTH, _LONGEST_WAIT_S)

    def _with(self, document: Json, *members: str) -> Json:
        """The document, when it has these members."""
        if missing := [member for member in members if member not in document]:
            raise self._wire.unknown_answer(f"a document without {missing[0]}")
        return document

    def _sighting_of(self, document: Json, capture_id: str, kiosk_id: str | None) -> Sighting:
        """The sighting of this capture, and of this kiosk where it is given: no other may open a door."""
        sighting = self._sighting(document)
        if sighting.capture_id != capture_id or kiosk_id not in {None, sighting.kiosk_id}:
            raise self._wire.unknown_answer("with the sighting of another capture")
        try:
            moment = datetime.fromisoformat(sighting.captured_at)
            is_of_then = abs(moment - captured_at(capture_id)) < timedelta(seconds=1)
        except (ValueError, TypeError):
            is_of_then = False
        if not is_of_then:
            raise self._wire.unknown_answer("with a sighting of another time")
        return sighting

    def _sighting(self, document: Json) -> Sighting:
        try:
            return Sighting.from_json(document)
        except (KeyError, TypeError, ValueError) as error:
            raise self._wire.unknown_answer("a sighting of another form") from error


def _segment(text: str) -> str:
    return quote(text, safe="")


def _given(params: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in params.items() if value is not None}
