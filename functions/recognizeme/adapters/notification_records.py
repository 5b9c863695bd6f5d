"""Rules and messages as JSON texts: what is stored of them in either kind of table."""

import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from recognizeme.domain.kiosks import Opening, opening_json
from recognizeme.domain.notifications import Channel, EventKind, Notice, NoticeState, Rule, Wording
from recognizeme.domain.times import to_text


def rule_text(rule: Rule) -> str:
    """A rule, without its id."""
    fields = {name: value for name, value in asdict(rule).items() if name != "rule_id"}
    times = {name: [opening_json(each) for each in getattr(rule, name)] for name in ("hours", "quiet")}
    return json.dumps(fields | times)


def read_rule(rule_id: str, text: str) -> Rule:
    """The rule of such a text."""
    stored: dict[str, Any] = json.loads(text)
    lists = {name: tuple(stored[name]) for name in ("people", "groups", "kiosks")}
    times = {
        name: tuple(Opening(tuple(each["days"]), each["from"], each["until"]) for each in stored[name])
        for name in ("hours", "quiet")
    }
    return Rule(
        rule_id,
        **{
            **stored,
            **lists,
            **times,
            "events": tuple(map(EventKind, stored["events"])),
            "channel": Channel(stored["channel"]),
            "wording": Wording(stored["wording"]),
        },
    )


def notice_text(notice: Notice) -> str:
    """A message, without its id."""
    fields = {name: value for name, value in asdict(notice).items() if name != "notice_id"}
    return json.dumps(fields, default=to_text)


def read_notice(notice_id: str, text: str) -> Notice:
    """The message of such a text."""
    stored: dict[str, Any] = json.loads(text)
    notice = Notice(
        notice_id,
        **{
            **stored,
            "kind": EventKind(stored["kind"]) if stored["kind"] else None,
            "state": NoticeState(stored["state"]),
            "at": datetime.fromisoformat(stored["at"]),
            "decided_at": datetime.fromisoformat(stored["decided_at"]),
        },
    )
    settled_at = stored["settled_at"]
    return replace(notice, settled_at=datetime.fromisoformat(settled_at) if settled_at else None)
