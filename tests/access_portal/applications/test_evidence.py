"""What is put beside an applicant's words."""

from __future__ import annotations

import pytest

from access_portal.applications.cockpit.related import Other, related_to
from access_portal.applications.evidence import domain_sign
from access_portal.applications.models import Application, State
from tests.access_portal.applications.scenes import make_application, make_open_family
from tests.factories import make_user


@pytest.mark.parametrize(
    ("domain", "institution", "sign"),
    [
        ("gmail.com", "Gmail University", "free_mail"),
        ("cs.heidelberg.example", "Universität Heidelberg", "matches"),
        ("mit.example", "Massachusetts Institute Technology", "matches"),
        ("summit.example", "Massachusetts Institute Technology", "unclear"),
        ("university.example", "University of Somewhere", "unclear"),
        ("corp.example", "", "unclear"),
    ],
)
def test_a_domain_speaks_for_an_institution_by_word_or_initials(domain: str, institution: str, sign: str) -> None:
    assert domain_sign(domain, institution) == sign


def beside(case: Application) -> tuple[list[str], list[str]]:
    """The numbers of the earlier applications and of those of others at the domain."""
    related = related_to(case, "Example University", "faculty")
    return numbers(related.own), numbers(related.neighbours)


def numbers(others: list[Other]) -> list[str]:
    return [other.number for other in others]


@pytest.mark.django_db
def test_earlier_applications_and_others_at_the_domain_stand_beside_a_case() -> None:
    ada, cy = make_user("ada"), make_user("cy")
    family = make_open_family()
    old = make_application(ada, family, State.WITHDRAWN)
    other = make_application(cy, family)
    case = make_application(ada, make_open_family("quill"))
    assert beside(case) == ([old.number], [other.number])


@pytest.mark.django_db
def test_a_longer_domain_with_the_same_end_is_another_one() -> None:
    family, ada, cy = make_open_family(), make_user("ada"), make_user("cy")
    cy.email = "cy@not-uni.example"
    cy.save()
    make_application(cy, family)
    assert beside(make_application(ada, make_open_family("quill"))) == ([], [])


@pytest.mark.django_db
def test_people_with_free_mail_are_not_set_beside_each_other() -> None:
    family, ada, cy = make_open_family(), make_user("ada"), make_user("cy")
    for user in (ada, cy):
        user.email = f"{user.username}@gmail.com"
        user.save()
    make_application(cy, family)
    assert beside(make_application(ada, make_open_family("quill"))) == ([], [])
