"""Read the audit log: with the ids of whoever is on record now, and hashes for all others."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from recognizeme.domain.audit import AuditLine, AuditQuery
from recognizeme.domain.model import Person
from recognizeme.domain.ports import AuditLog, Page, People

# To find whose hash a line holds everybody is hashed; with more people than this some stay unnamed, and
# asking by person finds their lines all the same.
_MOST_PEOPLE = 10_000
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Lines, and what the hashes in them stand for, as far as that is on record."""

    lines: Page[AuditLine]
    known: Mapping[str, str]


def read_audit(
    query: AuditQuery,
    *,
    audit_log: AuditLog,
    people: People,
    hashed: Callable[[str], str],
    limit: int,
    cursor: str | None,
) -> AuditPage:
    """One page, newest first. Raises `InvalidRequest` for a cursor that is not ours."""
    page = audit_log.query(query, limit=limit, cursor=cursor)
    wanted = {text for line in page.items for text in _hashes(line)}
    known: dict[str, str] = {}
    for person in _everybody(people):
        if wanted <= known.keys():
            break
        for one_id in (person.person_id, *person.photos):
            if (one := hashed(one_id)) in wanted:
                known[one] = one_id
    return AuditPage(page, known)


def _hashes(line: AuditLine) -> Iterator[str]:
    if line.person is not None:
        yield line.person
    for name, value in (*line.about.items(), *line.detail.items()):
        if name.endswith(("person_id", "photo_id")):
            yield value


def _everybody(people: People) -> Iterator[Person]:
    cursor: str | None = None
    for _ in range(_MOST_PEOPLE // _AT_ONCE):
        page = people.list(limit=_AT_ONCE, cursor=cursor)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return
