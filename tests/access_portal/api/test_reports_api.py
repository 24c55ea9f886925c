"""Reports for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from access_portal.accounts.models import Role
from tests.access_portal.applications.scenes import make_open_family, make_staff
from tests.access_portal.reports.worlds import sent
from tests.factories import make_user

Call = Callable[..., Any]
pytestmark = pytest.mark.django_db


def test_a_report_is_the_same_as_its_file(call: Call) -> None:
    sent(make_open_family())
    ben = make_staff("ben", Role.REVIEWER)
    body = call(ben, "GET", "/reports/inflow?since=2026-03-01&until=2026-03-02").json()
    assert body["rows"] == [{"week": "2026-03-01", "sent": 0}, {"week": "2026-03-02", "sent": 1}]
    assert body["report"] == "inflow"


def test_the_list_names_what_the_person_may_read(call: Call) -> None:
    names = {row["name"] for row in call(make_staff("ben", Role.REVIEWER), "GET", "/reports").json()["reports"]}
    assert "inflow" in names
    assert "workload" not in names
    assert call(make_staff("mia", Role.ADMIN), "GET", "/reports/workload").status_code == 200


@pytest.mark.parametrize(
    ("path", "scopes", "status"),
    [("/reports/inflow", ("read",), 403), ("/reports/unicorn", ("review",), 404),
     ("/reports/inflow?family=unicorn", ("review",), 404), ("/reports/workload", ("review",), 403)],
)  # fmt: skip
def test_it_is_refused_with_a_reason(path: str, scopes: tuple[str, ...], status: int, call: Call) -> None:
    response = call(make_staff("ben", Role.REVIEWER), "GET", path, scopes=scopes)
    assert (response.status_code, bool(response.json()["code"])) == (status, True)


def test_applicants_see_none(call: Call) -> None:
    assert call(make_user(), "GET", "/reports").status_code == 403
