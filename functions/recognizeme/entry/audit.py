"""Writing the audit log: before an act, and when it has ended. What cannot be written down is not done."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from recognizeme.domain.audit import AuditLine, Result, check_detail, check_on_behalf_of, keyed_hash
from recognizeme.domain.errors import RecognizeMeError
from recognizeme.domain.model import new_capture_id
from recognizeme.domain.ports import AuditLog, Clock, Randomness
from recognizeme.entry.routes import Audit, Matched

Json = Mapping[str, Any]

SYSTEM = "system"  # the principal of what nobody asks for: queues and schedules
ON_BEHALF_OF = "x-on-behalf-of"
_PERSONAL = ("person_id", "photo_id")  # how the names of ids end that may be somebody's name
_REFUSED, _FAILED = 400, 500


@dataclass(frozen=True, slots=True)
class Auditor:
    """Writes lines into `log`; `key` is that of the hashes that stand for people and photos."""

    log: AuditLog
    key: bytes
    now: Clock
    randomness: Randomness

    def line(
        self,
        action: str,
        *,
        principal: str,
        source: str,
        ids: Mapping[str, str],
        on_behalf_of: str | None = None,
    ) -> AuditLine:
        """A line that says that something begins; not written yet."""
        about = self.anonymous(ids)
        now = self.now()
        return AuditLine(
            line_id=new_capture_id(now, self.randomness(10)),
            at=now,
            principal=principal,
            action=action,
            result=Result.BEGAN,
            source=source,
            on_behalf_of=on_behalf_of,
            person=about.pop("person_id", None),
            about=about,
        )

    @contextmanager
    def change(self, action: str, *, principal: str, source: str, **ids: str) -> Iterator[dict[str, object]]:
        """A change that nobody asks for over HTTP: a job's, an event's, a command's.

        Its beginning is on record, or it does not happen. What the block puts into the dictionary becomes
        the line's detail.
        """
        line = self.line(action, principal=principal, source=source, ids=ids)
        self.log.append(line)
        detail: dict[str, object] = {}
        result = Result.FAILED
        try:
            yield detail
            result = Result.DONE
        finally:
            with suppress(RecognizeMeError):  # that it began is on record
                self.log.append(self.ended(line, result, detail))

    def ended(
        self, line: AuditLine, result: Result, detail: Mapping[str, object], status: int | None = None
    ) -> AuditLine:
        """The line that says what became of the one that began."""
        more = self.anonymous(check_detail(detail))
        person = more.pop("person_id", line.person)
        return replace(line, result=result, person=person, status=status, detail=more)

    def anonymous(self, ids: Mapping[str, str]) -> dict[str, str]:
        """These, with keyed hashes in the place of ids that may be names."""
        return {
            name: keyed_hash(value, self.key) if name.endswith(_PERSONAL) else value
            for name, value in ids.items()
        }


@dataclass(slots=True)
class Act:
    """A request whose route is audited.

    `detail` is what its handler says more: ids and reasons, no names. A person_id says whom it is about.
    """

    auditor: Auditor
    line: AuditLine
    is_change: bool
    detail: dict[str, object] = field(default_factory=dict)

    @classmethod
    def begin(cls, auditor: Auditor, matched: Matched, event: Json) -> "Act":
        """Write down that a change begins. A look is written down when it is known what was shown.

        Raises `InvalidRequest`, and what the log raises: nothing has been done then.
        """
        context = event["requestContext"]
        ids = {name: unquote(value) for name, value in matched.path_parameters.items()}
        if photo_id := (event.get("queryStringParameters") or {}).get("photo_id"):
            ids["photo_id"] = str(photo_id)
        line = auditor.line(
            matched.route.key,
            principal=principal_of(context),
            source=str(context.get("http", {}).get("sourceIp", "")),
            ids=ids,
            on_behalf_of=on_behalf_of(event),
        )
        act = cls(auditor, line, matched.route.audit is Audit.CHANGE)
        if act.is_change:
            auditor.log.append(line)
        return act

    def end(self, status: int) -> None:
        """Write down what came of it, and raise what the log raises."""
        result = Result.DONE if status < _REFUSED else Result.REFUSED if status < _FAILED else Result.FAILED
        self.auditor.log.append(self.auditor.ended(self.line, result, self.detail, status))


def principal_of(context: Json) -> str:
    """Who calls, as API Gateway or the local gateway verified it."""
    authorizer = context.get("authorizer") or {}
    iam, ours = authorizer.get("iam") or {}, authorizer.get("lambda") or {}
    return str(iam.get("userArn") or ours.get("principal") or "nobody known")


def on_behalf_of(event: Json) -> str | None:
    """Whom the caller says to act for; raises `InvalidRequest` for what is no id or address."""
    given = {name.lower(): value for name, value in (event.get("headers") or {}).items()}.get(ON_BEHALF_OF)
    return None if given is None else check_on_behalf_of(str(given))
