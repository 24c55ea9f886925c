"""Files: what is in them, who gets them, and that no spreadsheet runs what a stranger wrote."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, State
from access_portal.reports.case_list import COLUMNS
from access_portal.reports.files import BOM, csv_lines, tame
from tests.access_portal.applications.scenes import DAY, NOW, make_open_family, make_staff
from tests.access_portal.reports.worlds import answered, sent

PAGE = "/office/reports/"
WINTER = "?since=2026-01-01&until=2026-03-31"


@pytest.fixture
def ben(db: None, client: Client) -> User:
    user = make_staff("ben", Role.REVIEWER)
    client.force_login(user)
    return user


def rows_of(response: Any) -> list[list[str]]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text = content.decode()
    assert text.startswith(BOM)
    return list(csv.reader(StringIO(text.removeprefix(BOM))))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_what_looks_like_a_formula_is_a_text(text: str) -> None:
    assert tame(text) == f"'{text}"


@given(st.text())
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    read = next(csv.reader(StringIO(csv_lines([[text, -1]]), newline="")))
    assert not read[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert read[0].removeprefix("'") == text.removeprefix("'")
    assert read[1] == "-1"


def test_csv_and_json_say_what_the_page_says(ben: User, client: Client) -> None:
    answered(make_open_family(), verdict="refuse_fixable", code="purpose_unclear")
    lines = rows_of(client.get(f"{PAGE}refusal-reasons.csv{WINTER}"))
    body = client.get(f"{PAGE}refusal-reasons.json{WINTER}").json()
    assert lines[0] == ["code", "title", "refused"]
    assert [dict(zip(lines[0], line, strict=True)) for line in lines[1:]] == [
        {key: str(value) for key, value in row.items()} for row in body["rows"]
    ]
    assert body["period"] == {"since": "2026-01-01", "until": "2026-03-31"}
    assert {row["code"]: row["refused"] for row in body["rows"]}["purpose_unclear"] == 1


def test_a_file_is_a_download_that_no_cache_keeps(ben: User, client: Client) -> None:
    for name in ("inflow.csv", "inflow.json", "cases.csv"):
        response = client.get(PAGE + name)
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", ["unicorn.csv", "inflow.xls", "INFLOW.csv", "../inflow.csv"])
def test_other_names_are_not_there(name: str, ben: User, client: Client) -> None:
    assert client.get(PAGE + name).status_code == 404


def test_the_list_of_cases_has_dates_and_answers_of_the_house_and_no_person(ben: User, client: Client) -> None:
    case = answered(make_open_family(), verdict="refuse_final", code="not_research")
    lines = rows_of(client.get(f"{PAGE}cases.csv{WINTER}"))
    assert lines[0] == list(COLUMNS)
    row = dict(zip(lines[0], lines[1], strict=True))
    assert (row["number"], row["family"], row["state"]) == (case.number, "toy", "refused_final")
    assert (row["verdict"], row["code"], row["decided_at"]) == ("refuse_final", "not_research", NOW.isoformat())
    text = str(lines)
    for secret in (case.applicant.username, case.applicant.full_name, "Example University", "reasons"):
        assert secret not in text


def test_the_list_of_cases_tells_no_decision_that_can_be_undone(ben: User, client: Client) -> None:
    case = answered(make_open_family())
    later = NOW.replace(year=2999)
    Application.objects.filter(pk=case.pk).update(undo_until=later, undo_to=State.RECOMMENDED)
    row = dict(zip(*rows_of(client.get(f"{PAGE}cases.csv{WINTER}")), strict=True))
    assert (row["state"], row["verdict"], row["decided_at"]) == ("recommended", "", "")


def test_the_list_of_cases_is_read_in_slices_and_lacks_nothing(
    ben: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access_portal.reports.case_list.SLICE", 2)
    family = make_open_family()
    numbers = [sent(family, NOW - n * DAY).number for n in range(5)]
    sent(family, NOW - 300 * DAY)
    assert [line[0] for line in rows_of(client.get(f"{PAGE}cases.csv{WINTER}"))[1:]] == numbers


def test_over_asgi_it_comes_in_pieces(transactional_db: None, async_client: Any) -> None:
    sent(make_open_family())
    async_client.force_login(make_staff("ben", Role.REVIEWER))

    async def read() -> list[bytes]:
        response = await async_client.get(f"{PAGE}cases.csv{WINTER}")
        assert response.is_async
        return [piece async for piece in response.streaming_content]

    assert len(async_to_sync(read)()) == 2
