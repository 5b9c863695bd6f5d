"""People in a database that was filled before they had groups, and names were searched."""

from datetime import UTC, datetime
from pathlib import Path

from local.adapters import people as module
from local.adapters.database import open_database
from local.adapters.people import SqlitePeople
from recognizeme.domain.model import Consent, Person
from recognizeme.domain.people import PersonChange
from recognizeme.domain.ports import PeopleQuery

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_people_of_an_older_version_are_read_found_and_changed(tmp_path: Path) -> None:
    first = next(number for number, step in enumerate(module.STEPS) if "consent_text_version" in step)
    with open_database(tmp_path / "a.db") as database:
        database.prepare("people", module.STEPS[:first])
        with database.writing() as connection:
            connection.execute(
                "INSERT INTO people VALUES ('ada', 'Ada Lovelace', ?1, ?1, 'the office')", (NOON.isoformat(),)
            )

    with open_database(tmp_path / "a.db") as database:
        people = SqlitePeople(database, tombstone_key=b"key")
        ada = Person("ada", "Ada Lovelace", NOON, Consent(NOON, "the office"))
        assert people.get("ada") == ada
        assert people.list(PeopleQuery(name=" love"), limit=1).items == (ada,)
        people.change("ada", PersonChange(groups=("staff",)))
        assert [one.groups for one in people.list(PeopleQuery(group="staff"), limit=1).items] == [("staff",)]
