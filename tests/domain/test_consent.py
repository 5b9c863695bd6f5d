"""No photos of whoever has not agreed, where consent is required, or has withdrawn it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from recognizeme.domain.errors import ConsentMissing
from recognizeme.domain.model import Consent, Enrollment, PhotoState
from recognizeme.domain.people import UNCHANGED, PersonChange
from recognizeme.usecases.enroll import Enroller
from tests.twins.pictures import picture
from tests.twins.world import ADA, World

GIVEN = Consent(datetime(2026, 1, 1, tzinfo=UTC), "the office", "v2")
WITHDRAWN = replace(GIVEN, withdrawn_at=datetime(2026, 2, 1, tzinfo=UTC))
KEY = Enrollment("ada", "1.jpg")


def enroller(world: World, *, required: bool = True) -> Enroller:
    return replace(world.enroller(), consent_required=required)


@pytest.mark.parametrize(("consent", "required"), [(None, True), (WITHDRAWN, True), (WITHDRAWN, False)])
def test_without_consent_nothing_is_stored_paid_for_or_permitted(
    consent: Consent | None, required: bool
) -> None:
    world = World()
    asked = enroller(world, required=required)
    asked.put_person("ada", PersonChange(name="Ada", consent=consent or UNCHANGED))
    with pytest.raises(ConsentMissing, match="consent"):
        asked.enroll_now("ada", ADA.content)
    with pytest.raises(ConsentMissing, match="consent"):
        asked.issue_ticket("ada", "1.jpg", "image/jpeg")
    assert (list(world.photos.keys("")), world.faces.calls) == ([], 0)


def test_a_photo_put_into_the_store_without_consent_is_enrolled_as_soon_as_there_is_some() -> None:
    world = World()
    asked = enroller(world)
    world.photos.write(KEY.photo_key, ADA.content, "image/jpeg")
    for _ in range(2):
        photo = asked.enroll_stored(KEY)
        assert photo
        assert photo.state is PhotoState.REFUSED
        assert "no consent" in str(photo.reason)
    assert world.faces.calls == 0
    asked.put_person("ada", PersonChange(name="Ada"))
    asked.put_person("ada", PersonChange(consent=WITHDRAWN))
    assert world.later.waiting == []
    asked.put_person("ada", PersonChange(consent=GIVEN))
    assert world.later.waiting == [("enroll", KEY.photo_key, 0)]
    photo = asked.enroll_stored(KEY)
    assert photo
    assert photo.state is PhotoState.INDEXED


def test_with_consent_or_where_none_is_required_photos_are_taken() -> None:
    world = World()
    enroller(world).put_person("ada", PersonChange(name="Ada", consent=GIVEN))
    assert enroller(world).enroll_now("ada", ADA.content).state is PhotoState.INDEXED
    world.enroller().put_person("bob", PersonChange(name="Bob"))
    assert (
        enroller(world, required=False).enroll_now("bob", picture("bob").content).state is PhotoState.INDEXED
    )
