"""What is put beside an applicant's words."""

from __future__ import annotations

import pytest

from access_portal.applications.evidence import domain_sign, evidence_for
from access_portal.applications.models import State
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


@pytest.mark.django_db
def test_evidence_names_earlier_applications_and_others_at_the_domain() -> None:
    ada, cy = make_user("ada"), make_user("cy")
    family = make_open_family()
    old = make_application(ada, family, State.WITHDRAWN)
    other = make_application(cy, family)
    found = evidence_for(make_application(ada, make_open_family("quill")))
    assert (found.domain, found.earlier, found.neighbours, found.neighbour_count) == ("uni.example", [old], [other], 1)


@pytest.mark.django_db
def test_a_longer_domain_with_the_same_end_is_another_one() -> None:
    family, ada, cy = make_open_family(), make_user("ada"), make_user("cy")
    type(cy).objects.filter(pk=cy.pk).update(email="cy@not-uni.example")
    make_application(cy, family)
    assert evidence_for(make_application(ada, make_open_family("quill"))).neighbours == []


@pytest.mark.django_db
def test_people_with_free_mail_are_not_set_beside_each_other() -> None:
    family, ada, cy = make_open_family(), make_user("ada"), make_user("cy")
    for user in (ada, cy):
        type(user).objects.filter(pk=user.pk).update(email=f"{user.username}@gmail.com")
        user.refresh_from_db()
    make_application(cy, family)
    assert evidence_for(make_application(ada, make_open_family("quill"))).neighbours == []
