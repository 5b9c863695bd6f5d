"""`Notifications` in dictionaries, and a `Messenger` that keeps what it is given."""

from dataclasses import dataclass, field

from recognizeme.domain.errors import NotDelivered
from recognizeme.domain.notifications import Last, Message, Notice, Rule


@dataclass
class TwinNotifications:
    """Nothing here expires."""

    ruled: dict[str, Rule] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    lasts: dict[tuple[str, str], Last] = field(default_factory=dict)

    def rules(self) -> tuple[Rule, ...]:
        return tuple(self.ruled[rule_id] for rule_id in sorted(self.ruled))

    def put_rule(self, rule: Rule) -> None:
        self.ruled[rule.rule_id] = rule

    def remove_rule(self, rule_id: str) -> None:
        self.ruled.pop(rule_id, None)

    def last(self, rule_id: str, about: str) -> Last | None:
        return self.lasts.get((rule_id, about))

    def add(self, notice: Notice, *, after: Last | None) -> bool:
        key = (notice.rule_id, notice.about)
        if self.lasts.get(key) != after:
            return False
        self.notices.setdefault(notice.notice_id, notice)
        self.lasts[key] = Last(notice.notice_id, notice.decided_at)
        return True

    def get(self, notice_id: str) -> Notice | None:
        return self.notices.get(notice_id)

    def update(self, notice: Notice) -> None:
        self.notices[notice.notice_id] = notice

    def newest(self, *, limit: int) -> tuple[Notice, ...]:
        return tuple(self.notices[each] for each in sorted(self.notices, reverse=True)[:limit])


@dataclass
class TwinMessenger:
    """Keeps what it is given, unless nobody takes it."""

    sent: list[tuple[Message, Rule]] = field(default_factory=list)
    is_broken: bool = False

    def send(self, message: Message, rule: Rule) -> None:
        if self.is_broken:
            raise NotDelivered("answered 500")
        self.sent.append((message, rule))

    @property
    def texts(self) -> list[str]:
        return [message.text for message, _ in self.sent]
