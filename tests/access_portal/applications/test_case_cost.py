"""How many queries the page of a case takes, in every state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role
from access_portal.applications.models import Application, Decision, State
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family, make_staff
from tests.factories import make_user

MOST = 15


def long_ago(decision: Decision) -> Decision:
    """The same, so old that whether a grant lives is all that matters."""
    decision.pk, decision.at = None, decision.at - timedelta(days=400)
    decision.save(force_insert=True)
    return decision


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in State if state != State.DRAFT])
def test_a_case_opens_in_few_queries(
    client: Client, state: State, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_staff("ben", *Role))
    answers = {**ANSWERS, "supervisor_email": "bo@else.example"}
    case = make_application(make_user("ada"), make_open_family(), state, answers=answers)
    if case.decision is not None:
        Application.objects.filter(pk=case.pk).update(decision=long_ago(case.decision))
    page = f"/review/{case.number}/"
    client.get(page)  # forms are parsed once
    with django_assert_max_num_queries(MOST):
        assert client.get(page).status_code == 200
