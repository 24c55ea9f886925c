"""How many queries the page of a case takes, in every state."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role
from access_portal.applications.models import State
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.factories import make_user

MOST = 15


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in State if state != State.DRAFT])
def test_a_case_opens_in_few_queries(
    client: Client, state: State, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_staff("ben", Role.REVIEWER, Role.DECIDER))
    case = make_application(make_user("ada"), make_open_family(), state)
    page = f"/review/{case.number}/"
    client.get(page)  # forms are parsed once
    with django_assert_max_num_queries(MOST):
        assert client.get(page).status_code == 200
