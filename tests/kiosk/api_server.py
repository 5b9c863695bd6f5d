"""A small HTTP server that follows docs/api.md, for tests of its clients: real sockets, faults on demand.

A picture that holds the bytes `person:ada` is of ada; any other is of a stranger. Storing
one that ends in `poison` always fails.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from kiosk.client.capture_id import captured_at

Json = dict[str, Any]
NOW = "2026-11-23T08:15:02.120Z"
RULE: Json = {
    "rule_id": "desk", "events": ["unknown"], "channel": "email", "to": None, "secret": None, "people": [],
    "groups": [], "kiosks": [], "hours": [], "quiet": [], "time_zone": "UTC", "cooldown_s": 300,
    "wording": "plain", "picture": False, "enabled": True,
}  # fmt: skip
NOTHING_FOUND = dict.fromkeys(("people", "faces", "vectors", "photos", "sightings", "lessons"), 0)
BOX = {"left": 0.31, "top": 0.2, "width": 0.25, "height": 0.34}


@dataclass(frozen=True)
class Fault:
    """Instead of the answer: a status with headers, or `delay_s` of silence, or a closed connection.

    `done_first` does what was asked before failing, as a server that dies between work and answer.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    closes: bool = False
    done_first: bool = False
    body: bytes = b""


_BY: Json = {"principal": "token desk", "on_behalf_of": "grace@office"}


def _counted(roll_call: Json) -> Json:
    states = [each["state"] for each in roll_call["people"]]
    roll_call["counts"] = {state: states.count(state) for state in ("safe", "missing", "unaccounted")}
    return roll_call


Faults = Callable[[str, str], Fault | None]


class ApiServer:
    """What the API knows, and what was asked of it. `faults(method, path)` is asked before each answer."""

    def __init__(self) -> None:
        self.people: dict[str, Json] = {}
        self.photos: dict[str, dict[str, Json]] = {}
        self.sightings: dict[str, Json] = {}
        self.lessons: dict[str, Json] = {}
        self.strangers: dict[str, Json] = {}
        self.pictures: dict[str, bytes] = {}
        self.portraits: dict[str, bytes] = {}
        self.paid_calls: dict[str, int] = {}
        self.asked: list[tuple[str, str]] = []
        self.on_behalf_of: list[str | None] = []
        self.tokens: list[str | None] = []
        self.audit: list[Json] = []
        self.statistics = [_stats("2026-11-23", "front")]
        self.heartbeats: list[Json] = []
        self.kiosks: list[Json] = []
        self.rules: list[Json] = []
        self.notices: list[Json] = []
        self.groups: list[Json] = []
        self.presence: list[Json] = []
        self.roll_calls: dict[str, Json] = {}
        self.changes: list[Json] = []
        self.policy: Json | None = None
        self.faults: Faults = lambda method, path: None
        self.everybody: str | None = None  # whom all other pictures show
        self.similarities: dict[frozenset[str], float] = {}  # of two faces, in percent
        self.apart = 0  # faces that are part of no vector
        self.pending_for = 0  # how many looks at a sighting see it pending
        self.page_size = 50
        self.collections = ["employees", "employees-2"]  # in use, and beside it
        self.is_settled = True
        self.steps: list[str] = []  # of reindexing
        self._lock = threading.Lock()
        server = self

        class Handler(_Handler):
            api = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["ApiServer"]:
        thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()

    def answer(self, method: str, target: str, body: bytes, content_type: str) -> tuple[int, Json]:
        with self._lock:
            parts = urlsplit(target)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            path = [unquote(segment) for segment in parts.path.split("/")[1:]]
            self.asked.append((method, parts.path))
            match method, path:
                case "GET", ["health"]:
                    return 200, {"status": "ok", "version": "0.1.0"}
                case "POST", ["kiosks", kiosk_id, "heartbeat"]:
                    self.heartbeats.append(json.loads(body))
                    return 200, {"kiosk_id": kiosk_id, "received_at": NOW, "policy_version": "v1"}
                case "GET", ["kiosks", kiosk_id, "policy"] if self.policy is not None:
                    return 200, {"kiosk_id": kiosk_id, **self.policy}
                case "GET", ["notification-rules"]:
                    return 200, self._page(self.rules, query)
                case "PUT", ["notification-rules", rule_id]:
                    self.rules = [{**RULE, **json.loads(body), "rule_id": rule_id}]
                    return 200, self.rules[0]
                case "DELETE", ["notification-rules", _] if self.rules:
                    return 200, self.rules.pop(0)
                case "POST", ["notification-rules", _, "test"]:
                    return 200, self.notices[0] | {"state": "waiting", "attempts": 0}
                case "GET", ["notifications"]:
                    return 200, self._page(self.notices, query)
                case "GET", ["kiosks"]:
                    return 200, self._page(self.kiosks, query)
                case "PUT", ["kiosks", kiosk_id]:
                    self.changes.append(json.loads(body))
                    return 200, self.kiosks[0] | {"kiosk_id": kiosk_id}
                case "DELETE", ["kiosks", kiosk_id] if self.kiosks and self.kiosks[0]["kiosk_id"] == kiosk_id:
                    return 200, self.kiosks.pop(0)
                case "GET", ["presence"]:
                    return 200, self._page(self.presence, query)
                case "POST", ["rollcalls"]:
                    return 201, self._start_roll_call(json.loads(body)["kind"])
                case "GET", ["rollcalls"]:
                    heads = [self._head(each) for each in reversed(self.roll_calls.values())]
                    return 200, self._page(heads, query)
                case "GET", ["rollcalls", rollcall_id] if rollcall_id in self.roll_calls:
                    return 200, self.roll_calls[rollcall_id]
                case "PUT", ["rollcalls", rollcall_id, "people", person_id] if rollcall_id in self.roll_calls:
                    return 200, self._tick(self.roll_calls[rollcall_id], person_id, json.loads(body)["state"])
                case "POST", ["rollcalls", rollcall_id, "end"] if rollcall_id in self.roll_calls:
                    self.roll_calls[rollcall_id] |= {"ended_at": NOW, "ended_by": _BY}
                    return 200, self._head(self.roll_calls[rollcall_id])
                case "GET", ["groups"]:
                    return 200, self._page(self.groups, query)
                case "PUT", ["groups", group]:
                    self.changes.append(json.loads(body))
                    return 200, {"group": group, **self.changes[-1]}
                case "POST", ["kiosks", kiosk_id, "captures"]:
                    return self._ticket(kiosk_id, json.loads(body))
                case "POST", ["_store"]:
                    return self._store(body)
                case "POST", ["kiosks", kiosk_id, "recognitions"]:
                    return 200, self._recognize(query["capture_id"], kiosk_id, body)
                case "GET", ["sightings"]:
                    return 200, self._page(self._matching(query), query)
                case "GET", ["sightings", capture_id]:
                    return self._look(capture_id)
                case "GET", ["kiosks", kiosk_id, "sightings", capture_id] if (
                    self.sightings.get(capture_id, {}).get("kiosk_id") == kiosk_id
                ):
                    return self._look(capture_id)
                case "GET", ["sightings", capture_id, "photo"] if capture_id in self.pictures:
                    return 200, {"url": f"{self.url}/_picture/{capture_id}", "expires_at": NOW}
                case "POST", ["sightings", capture_id, "correction"] if capture_id in self.sightings:
                    person_id = self.sightings[capture_id]["person_id"] = json.loads(body)["person_id"]
                    return 200, self.sightings[capture_id] | {"can_learn": person_id is not None}
                case "POST", ["sightings", capture_id, "lessons"] if capture_id in self.sightings:
                    return 200, self._teach(capture_id, json.loads(body))
                case "DELETE", ["sightings", capture_id, "lessons"] if capture_id in self.lessons:
                    return 200, self.lessons.pop(capture_id)
                case "GET", ["strangers"]:
                    state = query.get("state", "waiting")
                    found = [each for each in self.strangers.values() if each["state"] == state]
                    return 200, self._page(found, query)
                case "GET", ["strangers", stranger_id] if stranger_id in self.strangers:
                    return 200, self.strangers[stranger_id] | {"sightings": [*self.sightings.values()]}
                case "POST", ["strangers", stranger_id, what] if stranger_id in self.strangers:
                    return self._decide(stranger_id, what, json.loads(body or b"{}"))
                case "GET", ["lessons"]:
                    return 200, {"items": [*self.lessons.values()], "next_cursor": None}
                case "GET", ["people"]:
                    return 200, self._page(self._people_matching(query), query)
                case "GET", ["people", person_id] if person_id in self.people:
                    return 200, self.people[person_id]
                case "PUT", ["people", person_id]:
                    return self._put_person(person_id, json.loads(body))
                case "DELETE", ["people", person_id] if person_id in self.people:
                    del self.people[person_id]
                    photos = self.photos.pop(person_id, {})
                    return 200, self._receipt(person_id, photos=len(photos))
                case "GET", ["remains", person_id]:
                    remains = NOTHING_FOUND | {"people": int(person_id in self.people)}
                    return 200, {
                        "person_id": person_id,
                        "person_hash": "5f2c9d0e1a7b4c38",
                        "looked_at": NOW,
                        "found": remains,
                        "verified": remains == NOTHING_FOUND,
                    }
                case "GET", ["people", person_id, "photos"] if person_id in self.people:
                    return 200, self._page(list(self.photos.get(person_id, {}).values()), query)
                case "POST", ["people", person_id, "photos"] if person_id in self.people:
                    return self._add_photo(person_id, query, body, content_type)
                case "DELETE", ["people", person_id, "photos", photo_id] if photo_id in self.photos.get(
                    person_id, {}
                ):
                    photo = self.photos[person_id][photo_id]
                    photo |= {"state": "removed", "face_id": None, "face_box": None, "removed_at": NOW}
                    return 200, photo
                case "POST", ["people", person_id, "merge"] if person_id in self.people:
                    into = json.loads(body)["into"]
                    self.people[into].setdefault("merged", []).append(person_id)
                    self.people[person_id]["merged_into"] = into
                    return 200, self.people[person_id]
                case "DELETE", ["people", person_id, "merge"] if person_id in self.people:
                    into = self.people[person_id].get("merged_into")
                    self.people[person_id]["merged_into"] = None
                    self.people.get(into or "", {"merged": [person_id]})["merged"].remove(person_id)
                    return 200, self.people[person_id]
                case "POST", ["people", person_id, "neighbours"] if person_id in self.people:
                    return 200, self._neighbours(person_id, query)
                case "POST", ["replays"]:
                    return 200, {"replayed": min(3, int(query["limit"])), "skipped": ["m-1"]}
                case "POST", ["reindexes"]:
                    return 200, self._reindex(**json.loads(body))
                case "POST", ["collection-checks"]:
                    removing, orphans = (3, 0) if query.get("remove") == "true" else (1, 2)
                    adopted = min(5, self.apart) if query.get("users") == "true" else 0
                    self.apart -= adopted
                    answer = {"faces": 12, "removing": removing, "orphans": orphans, "items": []}
                    return 200, {**answer, "adopted": adopted, "apart": self.apart}
                case "GET", ["people", person_id, "photo"] if query["photo_id"] in self.photos.get(
                    person_id, {}
                ):
                    self.pictures[f"{person_id}/{query['photo_id']}"] = self.portraits[query["photo_id"]]
                    url = f"{self.url}/_picture/{quote(person_id)}/{quote(query['photo_id'])}"
                    return 200, {"url": url, "expires_at": NOW}
                case "GET", ["audit"]:
                    filters = {
                        name: query[name] for name in ("person_id", "principal", "action") if name in query
                    }
                    found = [line for line in self.audit if filters.items() <= line.items()]
                    return 200, self._page(found, query)
                case "GET", ["stats"]:
                    return 200, self._stats()
            return problem(404, "not-found", "there is no such thing")

    def _reindex(self, step: str, cursor: str | None) -> Json:
        """Two photos, one a call; the second shows somebody else since."""
        self.steps.append(step)
        is_walk, second = step in ("count", "build", "compare", "settle"), cursor is not None
        if step in ("switch", "back"):
            self.collections.reverse()
            self.is_settled = False
        elif step == "settle" and second:
            self.is_settled = True
        differences = [
            {"person_id": "ada", "name": "Ada", "before": ["Ada", "Ada"], "now": ["Ada", "unknown"]}
        ]
        refused = [
            {"person_id": "bob", "name": "Bob", "photo_id": "b.jpg", "reason": "the photo shows no face"}
        ]
        return {
            "in_use": self.collections[0],
            "building": self.collections[1],
            "kept": None,
            "is_built": step == "build" and second,
            "is_settled": self.is_settled,
            "people": 1,
            "photos": int(is_walk),
            "call_usd": 0.001,
            "refused": refused if step == "build" and second else [],
            "differences": differences if step == "compare" and second else [],
            "next_cursor": "1:" if is_walk and not second else None,
        }

    def _ticket(self, kiosk_id: str, request: Json) -> tuple[int, Json]:
        if not re.fullmatch(r"[0-9a-f-]{14}7[0-9a-f-]{21}", request["capture_id"]):
            return problem(400, "invalid-request", "capture_id must be a UUIDv7 in lower case")
        if self.sightings.get(request["capture_id"], {}).get("status") == "done":
            return problem(409, "already-done", "the capture is recognized already; ask for its sighting")
        key = f"captures/{kiosk_id}/2026/11/23/{request['capture_id']}.jpg"
        upload = {"url": f"{self.url}/_store", "fields": {"key": key, "policy": "signed"}}
        return 201, {
            "capture_id": request["capture_id"],
            "key": key,
            "upload": upload,
            "max_bytes": 5242880,
            "expires_at": NOW,
        }

    def _store(self, body: bytes) -> tuple[int, Json]:
        key = re.search(rb'name="key"\r\n\r\n([^\r]+)', body)
        picture = re.search(rb'name="file"[^\r]*\r\n(?:[^\r]+\r\n)*\r\n(.*)\r\n--', body, re.DOTALL)
        assert key
        assert picture
        _, kiosk_id, *_, name = key[1].decode().split("/")
        if picture[1].endswith(b"poison"):
            return problem(500, "internal", "something went wrong here")
        self._recognize(name.removesuffix(".jpg"), kiosk_id, picture[1])
        return 204, {}

    def _recognize(self, capture_id: str, kiosk_id: str, picture: bytes) -> Json:
        if capture_id in self.sightings:
            return self.sightings[capture_id]
        self.pictures[capture_id] = picture
        self.paid_calls[capture_id] = self.paid_calls.get(capture_id, 0) + 1
        found = re.search(rb"person:(\w+)", picture)
        person_id = found[1].decode() if found else self.everybody
        self.sightings[capture_id] = {
            "capture_id": capture_id,
            "kiosk_id": kiosk_id,
            "captured_at": captured_at(capture_id).isoformat(timespec="milliseconds"),
            "status": "done",
            "outcome": "recognized" if person_id else "unknown",
            "reason": None,
            "person_id": person_id,
            "name": self.people.get(person_id or "", {}).get("name"),
            "similarity_pct": 99.93 if person_id else 41.5,
            "face_box": BOX,
            "recognized_at": NOW,
            "rekognition_calls": 1,
            "correction": None,
            "decision": {
                "threshold_pct": 99.0,
                "margin_pct": 1.0,
                "gallery_size": 1812,
                "model_version": "7.0",
                "candidates": [
                    {"person_id": candidate, "similarity_pct": pct, "counter_pct": None}
                    for candidate, pct in ((person_id or "tom", 99.93), ("ravi", 80.5))
                ],
            },
            "explanation": "It came to this for a reason.",
            "future_field": True,
        }
        return self.sightings[capture_id]

    def _look(self, capture_id: str) -> tuple[int, Json]:
        if capture_id not in self.sightings:
            return problem(404, "not-found", "there is no such sighting")
        if self.pending_for:
            self.pending_for -= 1
            return 200, self.sightings[capture_id] | {"status": "pending", "outcome": None}
        return 200, self.sightings[capture_id]

    def _matching(self, query: dict[str, str]) -> list[Json]:
        wanted = {name: query[name] for name in ("person_id", "kiosk_id", "outcome") if name in query}
        newest_first = sorted(
            self.sightings.values(), key=lambda sighting: sighting["capture_id"], reverse=True
        )
        return [
            sighting
            for sighting in newest_first
            if all(sighting[name] == value for name, value in wanted.items())
            and query.get("since", "") <= sighting["captured_at"]
        ]

    def _people_matching(self, query: dict[str, str]) -> list[Json]:
        name = f" {query.get('name', '')}".casefold().rstrip()
        return [
            person
            for _, person in sorted(self.people.items())
            if name in f" {person['name']}".casefold()
            and query.get("group") in {None, *person.get("groups", ())}
        ]

    def _start_roll_call(self, kind: str) -> Json:
        rollcall_id = f"01900000-0000-7000-8000-{len(self.roll_calls):012}"
        roll_call: Json = {
            "rollcall_id": rollcall_id, "kind": kind, "started_at": NOW, "started_by": _BY,
            "ended_at": None, "ended_by": None, "people": [],
        }  # fmt: skip
        for each in self.presence:
            roll_call["people"].append(self._entry(each["person_id"]) | {"seen_at": NOW, "seen_by": "front"})
        self.roll_calls[rollcall_id] = _counted(roll_call)
        return self._head(roll_call)

    def _entry(self, person_id: str) -> Json:
        name = self.people[person_id]["name"]
        return {
            "person_id": person_id, "name": name, "state": "unaccounted", "seen_at": None, "seen_by": None,
            "ticks": [],
        }  # fmt: skip

    def _tick(self, roll_call: Json, person_id: str, state: str) -> Json:
        entry = next((each for each in roll_call["people"] if each["person_id"] == person_id), None)
        if entry is None:
            entry = self._entry(person_id)
            roll_call["people"].append(entry)
        entry["state"] = state
        entry["ticks"].append({"state": state, "at": NOW, "by": _BY})
        _counted(roll_call)
        return dict(entry)

    @staticmethod
    def _head(roll_call: Json) -> Json:
        return {name: value for name, value in roll_call.items() if name not in ("people", "counts")}

    def _page(self, items: list[Json], query: dict[str, str]) -> Json:
        start, size = int(query.get("cursor", 0)), min(int(query.get("limit", 50)), self.page_size)
        end = start + size
        return {"items": items[start:end], "next_cursor": str(end) if end < len(items) else None}

    def _put_person(self, person_id: str, request: Json) -> tuple[int, Json]:
        known = self.people.get(
            person_id,
            {
                "person_id": person_id,
                "faces": 0,
                "created_at": NOW,
                "consent": None,
                "groups": [],
                "active": True,
                "active_until": None,
                "merged_into": None,
                "merged": [],
            },
        )
        if "consent" in request:
            request["consent"] = (known["consent"] or {}) | request["consent"]
        self.people[person_id] = known | request
        return 200, self.people[person_id]

    def _add_photo(
        self, person_id: str, query: dict[str, str], picture: bytes, content_type: str
    ) -> tuple[int, Json]:
        photo_id = query["photo_id"]
        if not picture.startswith((b"\xff\xd8", b"\x89PNG")):
            return problem(415, "unsupported-media-type", "the picture must be JPEG or PNG")
        assert content_type in {"image/jpeg", "image/png"}
        refused = b"nobody" in picture and "accept_poor" not in query
        other = re.search(rb"looks like:([\w-]+)", picture)
        similar = None
        if other and "allow_duplicate" not in query:
            known = self.people[other[1].decode()]
            similar = {"person_id": known["person_id"], "name": known["name"], "similarity_pct": 99.98}
        photo = {
            "photo_id": photo_id,
            "state": "refused" if refused or similar else "indexed",
            "reason": f"this looks like {similar['name']}" if similar else "no face" if refused else None,
            "problem": "looks_like_another" if similar else "no_face" if refused else None,
            "looks_like": similar,
            "face_id": None if refused or similar else f"face-{photo_id}",
            "face_box": None if refused or similar else BOX,
            "enrolled_at": NOW,
        }
        self.photos.setdefault(person_id, {})[photo_id] = photo
        self.portraits[photo_id] = picture
        self.people[person_id]["faces"] = sum(
            each["state"] == "indexed" for each in self.photos[person_id].values()
        )
        return 201, photo

    def _neighbours(self, person_id: str, query: dict[str, str]) -> Json:
        """Each photo's face beside what `similarities` says; at 7 % where it says nothing."""
        faces = {
            photo["face_id"]: self.people[owner].get("merged_into") or owner
            for owner, photos in self.photos.items()
            for photo in photos.values()
            if photo["face_id"] and owner in self.people
        }
        items = []
        for photo in sorted(self.photos[person_id].values(), key=lambda photo: str(photo["face_id"])):
            if (face_id := photo["face_id"]) is None:
                continue
            owner = faces[face_id]
            near = sorted(
                ((self._similarity(face_id, other), other) for other in faces if other != face_id),
                reverse=True,
            )
            best: dict[str, Json] = {}
            for pct, other in near:
                whose = {"person_id": faces[other], "face_id": other, "similarity_pct": pct}
                if faces[other] != owner:
                    best.setdefault(faces[other], whose)
            own = [{"face_id": other, "similarity_pct": pct} for pct, other in near if faces[other] == owner]
            items.append(
                {
                    "photo_id": photo["photo_id"],
                    "face_id": face_id,
                    "is_lost": False,
                    "own": own,
                    "others": list(best.values()),
                }
            )
        return self._page(items, query) | {"threshold_pct": 99.0, "margin_pct": 1.0}

    def _similarity(self, one: str, other: str) -> float:
        return self.similarities.get(frozenset((one, other)), 7.0)

    def _receipt(self, person_id: str, *, photos: int) -> Json:
        removed = {"people": 1, "faces": photos, "vectors": 0, "photos": photos, "captures": 0}
        return {
            "version": 1,
            "person_id": person_id,
            "person_hash": "5f2c9d0e1a7b4c38",
            "forgotten": [person_id],
            "began_at": NOW,
            "finished_at": NOW,
            "removed": removed | {"sightings": 3, "mentions": 1, "lessons": 0},
            "found": NOTHING_FOUND,
            "verified": True,
        }

    def _teach(self, capture_id: str, request: Json) -> Json:
        photo = None
        if request["learn"]:
            who, picture = self.sightings[capture_id]["person_id"], self.pictures[capture_id]
            _, photo = self._add_photo(who, {"photo_id": f"capture-{capture_id}.jpg"}, picture, "image/jpeg")
        if person_id := request["not_person_id"]:
            self.lessons[capture_id] = {
                "capture_id": capture_id,
                "not_person_ids": [person_id],
                "taught_at": NOW,
                "expires_at": "2026-12-23T08:15:02.000Z",
                "learned": True,
            }
        return {"photo": photo, "lesson": self.lessons.get(capture_id)}

    def _decide(self, stranger_id: str, what: str, request: Json) -> tuple[int, Json]:
        self.changes.append(request)
        state = {"name": "named", "ignore": "ignored", "discard": "discarded"}[what]
        stranger = self.strangers[stranger_id]
        stranger |= {"state": state, "person_id": request.get("person_id", stranger_id if request else None)}
        photos = [{"state": "indexed"}, {"state": "refused", "reason": "the face is turned away"}]
        return 200, stranger | ({"named_visits": 4, "photos": photos} if what == "name" else {})

    def _stats(self) -> Json:
        last = self.statistics[-1]  # of one day the total is that day
        total = {name: value for name, value in last.items() if name not in {"day", "kiosk_id"}}
        return {"items": self.statistics, "total": total, "call_usd": 0.001}


class _Handler(BaseHTTPRequestHandler):
    api: ApiServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.api.tokens.append(self.headers.get("Authorization"))
        if not self.path.startswith("/_"):
            self.api.on_behalf_of.append(self.headers.get("X-On-Behalf-Of"))
        path = urlsplit(self.path).path
        if path.startswith("/_picture/"):
            return self._send(200, self.api.pictures[unquote(path.removeprefix("/_picture/"))], "image/jpeg")
        fault = self.api.faults(self.command, path)
        if fault is None or fault.done_first:
            status, document = self.api.answer(
                self.command, self.path, body, self.headers.get("Content-Type", "")
            )
        if fault is None:
            kind = "application/problem+json" if status >= 400 else "application/json"
            return self._send(status, json.dumps(document).encode() if status != 204 else b"", kind)
        time.sleep(fault.delay_s)
        if fault.closes or fault.status is None:
            self.close_connection = True
            return None
        return self._send(fault.status, fault.body, "text/plain", fault.headers)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # http.server's names

    def _send(
        self, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output quiet."""


def _stats(day: str, kiosk_id: str) -> Json:
    counts = {"outcomes": {"recognized": 12, "unknown": 2}, "pending": 0, "failed": 0}
    return {"day": day, "kiosk_id": kiosk_id, **counts, "rekognition_calls": 14, "cost_usd": 0.014}


def problem(status: int, kind: str, detail: str) -> tuple[int, Json]:
    return status, {
        "type": f"urn:recognizeme:problem:{kind}",
        "title": kind,
        "status": status,
        "detail": detail,
    }
