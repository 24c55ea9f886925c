"""The tables: every one of them is there, each can be looked at, none can be changed, and none shows a secret."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.test import Client

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, Round, State
from access_portal.office.apps import OURS
from access_portal.office.tables import Table, tables
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family, make_staff
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
MODELS: list[type[Model]] = [
    model for config in apps.get_app_configs() if config.name.startswith(OURS) for model in config.get_models()
]
SECRET = re.compile(r"password|digest|secret|sealed|jws|token_digest|storage_key")
WRITTEN = re.compile(r"^(answers|text|reply|comment|reason|ground|hold_ground|body|content|statement|outputs)$")
READERS = {Role.ADMIN, Role.OPERATOR, Role.AUDITOR}


def enter(client: Client, *roles: Role) -> User:
    staff = make_staff("sam", *roles)
    client.force_login(staff)
    return staff


def address(model: type[Model], row: int | str = "") -> str:
    place = f"/office/admin/{model._meta.app_label}/{model._meta.model_name}/"
    return f"{place}{quote(row)}/" if row else place


def names(values: list[type[Model]]) -> list[str]:
    return [model._meta.label for model in values]


def test_every_table_of_ours_is_there_and_no_other() -> None:
    assert set(names(list(tables._registry))) == set(names(MODELS))


@pytest.mark.parametrize("role", [*Role, None])
def test_only_some_roles_look_at_tables(client: Client, role: Role | None) -> None:
    enter(client, *([role] if role else []))
    wanted = 200 if role in READERS else 403
    pages = ["/office/admin/", "/office/admin/grants/", address(User), address(User, User.objects.get().pk)]
    assert [client.get(page).status_code for page in pages] == [wanted] * 4


def test_flags_of_django_open_nothing(client: Client) -> None:
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    assert client.get("/office/admin/").status_code == 403


def test_a_stranger_is_sent_to_our_own_sign_in(client: Client) -> None:
    assert client.get(address(User)).headers["Location"].startswith("/account/login/")


def test_staff_without_a_second_factor_set_one_up_first(client: Client) -> None:
    client.force_login(make_user("sam", Role.ADMIN))
    assert client.get("/office/admin/").headers["Location"].startswith("/account/2fa/")


@pytest.fixture
def rows(db: None) -> list[Model]:
    """A few rows of the tables that matter most."""
    family = make_open_family()
    ben = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    case = make_application(make_user("ada"), family, State.REFUSED_FIXABLE, decider=ben)
    grant = make_grant(make_user("cy"), family)
    assert case.decision
    return [ben, family, case, grant, family.weights_licence, grant.licence_version, case.decision]


WRITES = ["", "add/", "{pk}/", "{pk}/change/", "{pk}/delete/", "{pk}/history/"]
BODIES: list[dict[str, Any]] = [
    {"state": "approved", "username": "eve", "is_active": "", "_save": "Save"},
    {"action": "delete_selected", "_selected_action": ["1", "2"], "post": "yes", "index": "0"},
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("body", BODIES, ids=["save", "action"])
def test_nothing_is_written_through_any_address(
    client: Client, rows: list[Model], write: str, body: dict[str, Any]
) -> None:
    enter(client, *Role)
    for row in rows:
        before = type(row)._default_manager.filter(pk=row.pk).values().get()
        count = type(row)._default_manager.count()
        answer = client.post(address(type(row)) + write.format(pk=row.pk), body)
        assert answer.status_code in {403, 404, 405}
        assert type(row)._default_manager.filter(pk=row.pk).values().get() == before
        assert type(row)._default_manager.count() == count
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("path", ["login/", "logout/", "password_change/", "jsi18n/", "autocomplete/", "r/1/1/"])
def test_the_other_pages_of_djangos_admin_are_not_there(client: Client, path: str) -> None:
    enter(client, *Role)
    assert client.get(f"/office/admin/{path}").status_code == 404
    assert client.post(f"/office/admin/{path}").status_code in {404, 405}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_table_can_be_looked_at_searched_and_filtered(client: Client, rows: list[Model], model: Any) -> None:
    enter(client, Role.ADMIN)
    table = tables.get_model_admin(model)
    assert client.get(address(model)).status_code == 200
    assert client.get(address(model), {"q": "x' OR 1=1\x00"}).status_code == 200
    for column in table.list_filter:
        field = model._meta.get_field(column)
        value = "1" if field.is_relation else (field.choices or [("1", "")])[0][0]
        suffix = "__id__exact" if field.is_relation else "__exact"
        assert client.get(address(model), {f"{column}{suffix}": value}).status_code == 200


def test_every_row_can_be_looked_at_and_leads_to_where_commands_are_given(client: Client, rows: list[Model]) -> None:
    enter(client, *Role)
    for row in rows:
        page = client.get(address(type(row), row.pk))
        assert page.status_code == 200
        link = re.search(r'<a class="button button--primary" href="([^"]+)"', page.content.decode())
        assert link
        assert client.get(link[1]).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_table_shows_a_secret_or_what_people_wrote(model: Any) -> None:
    table = tables.get_model_admin(model)
    assert isinstance(table, Table)
    shown = {*table.list_display, *table.more, *(name.rpartition("__")[2] for name in table.search_fields)}
    assert not [name for name in shown if SECRET.search(name) or WRITTEN.match(name.lstrip("="))]


@pytest.mark.parametrize(
    "lookup",
    ["password__startswith", "email__contains", "api_tokens__digest__startswith", "applications__answers__has"],
)
def test_an_address_cannot_ask_how_a_hidden_column_begins(client: Client, rows: list[Model], lookup: str) -> None:
    enter(client, Role.OPERATOR)
    assert client.get(address(User), {lookup: "a"}).status_code == 400


def test_one_does_not_find_ones_own_case_nor_that_of_a_lab_mate(client: Client, rows: list[Model]) -> None:
    sam = enter(client, Role.ADMIN)
    family = make_open_family("other")
    own = make_application(sam, family, State.IN_REVIEW, holder=make_staff("rea", Role.REVIEWER))
    assert str(own.number) not in client.get(address(type(own))).content.decode()
    assert client.get(address(type(own), own.pk)).status_code == 404
    assert client.get(address(type(rows[2]), rows[2].pk)).status_code == 200


def test_names_are_written_as_text(client: Client) -> None:
    enter(client, Role.ADMIN)
    eve = make_user("eve")
    User.objects.filter(pk=eve.pk).update(full_name="<script>alert(1)</script>")
    for page in (address(User), address(User, eve.pk)):
        assert "<script>alert" not in client.get(page).content.decode()


def test_what_an_applicant_wrote_is_on_no_page(client: Client, rows: list[Model]) -> None:
    enter(client, *Role)
    case = rows[2]
    assert isinstance(case, Application)
    assert case.answers["purpose"] == ANSWERS["purpose"]
    for page in (address(Application), address(Application, case.pk), address(Round)):
        assert ANSWERS["purpose"][:40] not in client.get(page).content.decode()
