"""The pages, one file a subject: each makes a blueprint of what it shows, in front of one `Desk`."""

from kiosk.web.pages import audit, doors, people, person, recognize, status, unknown, visits

BLUEPRINTS = (
    recognize.pages,
    visits.pages,
    unknown.pages,
    people.pages,
    person.pages,
    doors.pages,
    audit.pages,
    status.pages,
)
