"""Where two people have to look at a case, no way leads round the second. Also run on mutants."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, ReviewPolicy, State
from access_portal.grants.models import Grant
from tests.access_portal.applications.acting import code_of, told
from tests.access_portal.applications.scenes import (
    ANSWERS,
    CHECKED,
    DAY,
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
)
from tests.factories import make_user, make_variant

pytestmark = pytest.mark.django_db
LARGE = {**ANSWERS, "sizes": ["9b"]}
LARGER = [replace(TERMS, variants=("1m", "9b")), replace(TERMS, variants=(), whole_family=True)]


@pytest.fixture
def both() -> User:
    """A reviewer who decides as well."""
    return make_user("both", Role.REVIEWER, Role.DECIDER)


def case_in(state: State, both: User, **policy: Any) -> Application:
    """For the size 1m of a family that has 9b as well."""
    family = make_open_family()
    make_variant(family, "9b")
    ReviewPolicy.objects.create(family=family, **policy)
    return make_application(make_user("ada"), family, state, holder=both)


@pytest.mark.parametrize("terms", LARGER, ids=["size", "family"])
def test_more_than_was_asked_for_needs_the_eyes_that_it_would_have_needed(
    commands: ModuleType, both: User, terms: Any
) -> None:
    case = case_in(State.IN_REVIEW, both, eyes="some", four_eyes_sizes=["9b"])
    assert code_of(commands.approve, **told(case, both), terms=terms, checked=CHECKED) == "needs_recommendation"
    commands.recommend(**told(case, both), verdict="approve", text="Sound.", checked=CHECKED)
    assert code_of(commands.approve, **told(case, both), terms=terms) == "four_eyes"
    assert not Grant.objects.exists()
    assert commands.approve(**told(case, make_user("dan", Role.DECIDER)), terms=terms).number


@pytest.mark.parametrize("terms", LARGER, ids=["size", "family"])
@pytest.mark.parametrize(
    "policy", [{"eyes": "two", "four_eyes_sizes": ["9b"]}, {"eyes": "some", "four_eyes_positions": ["industry"]}]
)
def test_it_needs_no_more_where_the_policy_names_no_such_size(
    commands: ModuleType, both: User, policy: dict[str, Any], terms: Any
) -> None:
    case = case_in(State.IN_REVIEW, both, **policy)
    assert commands.approve(**told(case, both), terms=terms, checked=CHECKED).number


def test_a_doubt_stays_until_the_case_is_recommended_without(commands: ModuleType, both: User) -> None:
    case, dan = case_in(State.IN_REVIEW, both), make_user("dan", Role.DECIDER)
    words = {"verdict": "approve", "text": "I am not sure.", "checked": CHECKED}
    commands.recommend(**told(case, both), **words, doubt=True)
    commands.send_back(**told(case, dan), text="What makes you doubt?")
    assert code_of(commands.approve, **told(case, both), terms=TERMS, checked=CHECKED) == "needs_recommendation"


def test_whoever_decides_alone_may_not_under_four_eyes(commands: ModuleType, both: User) -> None:
    case = case_in(State.IN_REVIEW, both, eyes="four")
    assert code_of(commands.approve, **told(case, both), terms=TERMS, checked=CHECKED) == "needs_recommendation"


def test_a_refusal_that_can_be_mended_is_not_one_for_good_by_its_date(commands: ModuleType, both: User) -> None:
    case = case_in(State.RECOMMENDED, both)
    year = (NOW + 366 * DAY).date()
    late = {**REFUSAL, "retry_from": (NOW + 367 * DAY).date()}
    assert code_of(commands.refuse_fixable, **told(case, both), **late) == "retry_too_late"
    assert commands.refuse_fixable(**told(case, both), **{**REFUSAL, "retry_from": year}).decision.retry_from == year


def test_what_was_asked_for_counts_though_less_is_given(commands: ModuleType, both: User) -> None:
    case = case_in(State.RECOMMENDED, both, eyes="some", four_eyes_sizes=["9b"])
    asked = make_application(make_user("cy"), case.family, State.RECOMMENDED, holder=both, answers=LARGE)
    assert code_of(commands.approve, **told(asked, both), terms=TERMS) == "four_eyes"
