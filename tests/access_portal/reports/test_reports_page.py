"""The reports page: who sees what, filters, kept reports, and how much it asks of the database."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.reports.catalogue import REPORTS
from access_portal.reports.models import SavedReport
from tests.access_portal.applications.scenes import make_open_family, make_staff
from tests.access_portal.reports.worlds import answered, sent
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/office/reports/"


@pytest.fixture
def ben(client: Client) -> User:
    user = make_staff("ben", Role.REVIEWER)
    client.force_login(user)
    return user


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_reports_and_who_sees_the_load_of_colleagues(role: Role, client: Client) -> None:
    client.force_login(make_staff("mia", role))
    sees = role in (Role.REVIEWER, Role.DECIDER, Role.ADMIN, Role.AUDITOR)
    assert client.get(PAGE).status_code == (200 if sees else 403)
    for name in REPORTS:
        may = role == Role.ADMIN if name == "workload" else sees
        for kind in ("csv", "json"):
            assert client.get(f"{PAGE}{name}.{kind}").status_code == (200 if may else 403), name
    assert client.get(f"{PAGE}cases.csv").status_code == (200 if sees else 403)
    if sees:
        assert ("workload" in client.get(PAGE).content.decode()) == (role == Role.ADMIN)


def test_strangers_are_asked_to_sign_in_and_applicants_are_refused(client: Client) -> None:
    for address in (PAGE, f"{PAGE}inflow.csv", f"{PAGE}cases.csv"):
        assertRedirects(client.get(address), f"/account/login/?next={address}", fetch_redirect_response=False)
    client.force_login(make_user())
    assertContains(client.get(PAGE), "role_missing", status_code=403)


def test_each_report_has_its_numbers_in_a_table_and_plots_say_what_they_show(ben: User, client: Client) -> None:
    answered(make_open_family())
    text = client.get(f"{PAGE}?since=2026-01-01&until=2026-03-31").content.decode()
    assert text.count("<svg viewBox") == text.count('role="img"') + text.count('aria-hidden="true"><rect')
    assert text.count("<desc") == text.count('role="img"') > 0
    for name, report in REPORTS.items():
        assert (f'id="{name}"' in text) == (name != "workload")
        assert str(report.title) in text or name == "workload"
    assert " style=" not in text


@pytest.mark.parametrize(
    "query", ["since=nonsense&until=%00", "since=2999-01-01", "until=1066-10-14", "since=2026-03-01&until=2026-01-01"]
)
def test_any_address_gives_a_page(query: str, ben: User, client: Client) -> None:
    assert client.get(f"{PAGE}?{query}").status_code == 200


def test_a_family_that_there_is_not_is_said_so(ben: User, client: Client) -> None:
    for address in (PAGE, f"{PAGE}inflow.json", f"{PAGE}cases.csv"):
        assert client.get(f"{address}?family=unicorn").status_code == 404


def test_a_report_is_kept_under_a_name_for_its_owner_only(ben: User, client: Client) -> None:
    make_open_family("toy")
    kept = {"query": "since=2026-01-01&until=2026-02-01&family=toy", "name": "  Winter\u202e <i> "}
    page = client.post(f"{PAGE}keep/", kept, follow=True)
    assertContains(page, "Winter &lt;i&gt;")
    row = SavedReport.objects.get()
    assert (row.name, row.query) == ("Winter <i>", kept["query"])
    client.force_login(make_staff("mia", Role.AUDITOR))
    assertNotContains(client.get(PAGE), "Winter")
    assert client.post(f"{PAGE}{row.pk}/drop/").status_code == 404
    client.force_login(ben)
    client.post(f"{PAGE}{row.pk}/drop/")
    assert not SavedReport.objects.exists()


def test_a_name_is_needed_and_the_same_name_replaces(ben: User, client: Client) -> None:
    assert client.post(f"{PAGE}keep/", {"name": "\u202e"}).status_code == 400
    for query in ("since=2026-01-01&until=2026-01-31", "since=2026-02-01&until=2026-02-20"):
        client.post(f"{PAGE}keep/", {"name": "x", "query": query})
    assert SavedReport.objects.get().query == "since=2026-02-01&until=2026-02-20"


def test_nobody_keeps_more_than_thirty(ben: User, client: Client) -> None:
    SavedReport.objects.bulk_create(SavedReport(user=ben, name=f"r{n}") for n in range(30))
    assert client.post(f"{PAGE}keep/", {"name": "one more"}).status_code == 409
    assert client.post(f"{PAGE}keep/", {"name": "r7"}).status_code == 302


@pytest.mark.parametrize("address", [PAGE, "/transparency/"])
def test_many_applications_cost_no_more_queries_than_few(
    address: str, client: Client, django_assert_max_num_queries: object
) -> None:
    admin = make_staff("mia", Role.ADMIN, Role.REVIEWER, Role.DECIDER)
    client.force_login(admin)
    family = make_open_family()
    for _ in range(9):
        answered(family)
        sent(family)
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        assert client.get(address).status_code == 200
