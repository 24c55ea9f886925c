"""Who stands too near to a holder: the lab, who vouched, who declared it, and nobody else."""

from __future__ import annotations

import pytest

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Conflict, State
from access_portal.errors import PermissionRefusedError
from access_portal.grants import commands
from access_portal.grants.distance import people_near
from tests.access_portal.applications.scenes import ANSWERS, make_application
from tests.access_portal.grants.life_scenes import DAY, NOW, make_lab, make_open_family, make_person_grant, people
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.mark.parametrize("question", ["supervisor_email", "referee_email"])
def test_whoever_was_named_in_an_application_judges_no_grant_of_it(question: str, ada: User) -> None:
    ben = make_user("ben", Role.DECIDER)
    make_application(ada, make_open_family(), State.SUBMITTED, answers={**ANSWERS, question: ben.email.upper()})
    grant = make_person_grant(ada)
    assert people_near(ada) == {ben.pk}
    with pytest.raises(PermissionRefusedError) as error:
        commands.suspend(actor=ben, number=str(grant.number), reason="A leak.", review_at=NOW + DAY, now=NOW)
    assert error.value.code == "conflict_of_interest"


def test_the_lab_of_now_and_of_once_is_near(ada: User) -> None:
    cy, eve, zoe = people("cy", "eve", "zoe")
    lab = make_lab(ada, None, cy, eve)
    make_lab(zoe)
    commands.leave(actor=eve, number=str(lab.number), now=NOW)
    assert (people_near(ada), people_near(eve)) == ({cy.pk, eve.pk}, {ada.pk, cy.pk})


def test_a_declaration_counts_until_it_ends_and_for_its_domain(ada: User) -> None:
    ben, dan, eve = people("ben", "dan", "eve")
    Conflict.objects.create(user=ben, domain="uni.example", declared_at=NOW)
    Conflict.objects.create(user=dan, domain="other.example", declared_at=NOW)
    Conflict.objects.create(user=eve, applicant=ada, declared_at=NOW, ended_at=NOW)
    assert people_near(ada) == {ben.pk}


def test_somebody_without_an_address_is_of_no_domain(ada: User) -> None:
    """A declaration about a person leaves the domain empty; so does an account that was closed."""
    ben, cy = people("ben", "cy")
    Conflict.objects.create(user=ben, applicant=cy, declared_at=NOW)
    User.objects.filter(pk=ada.pk).update(email="")
    assert people_near(User.objects.get(pk=ada.pk)) == set()
