"""The queue: its views, filters, places and kept views, and the next case on one key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertNumQueries, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.cockpit.wanted import Sort, View, Wanted
from access_portal.applications.commands.filtering import MOST_FILTERS
from access_portal.applications.commands.picking import claim_next
from access_portal.applications.models import Application, QueueLine, SavedFilter, Signal, State
from access_portal.questionnaires.queries import current_form
from release.models import Family
from tests.access_portal.applications.scenes import (
    ANSWERS,
    DAY,
    HOUR,
    NOW,
    make_application,
    make_open_family,
    make_staff,
)
from tests.factories import make_acceptance, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client: Client) -> User:
    user = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    client.force_login(user)
    return user


@pytest.fixture
def family() -> Family:
    return make_open_family()


def numbers(client: Client, query: str = "") -> list[str]:
    """Of the rows of a page, in their order."""
    return [str(row.number) for row, *_rest in client.get(f"/review/?{query}").context["rows"]]


@pytest.mark.parametrize(
    "path", ["", "next/", "desk/", "bulk/", "conflicts/", "GH-2026-00001/", "GH-2026-00001/claim/"]
)
def test_only_staff_come_in(path: str, client: Client) -> None:
    ask = client.post if path in ("next/", "bulk/", "GH-2026-00001/claim/") else client.get
    assertRedirects(ask(f"/review/{path}"), f"/account/login/?next=/review/{path}", fetch_redirect_response=False)
    for name, roles in (("cy", ()), ("mia", (Role.RELEASE_MANAGER, Role.OPERATOR, Role.AUDITOR))):
        client.force_login(make_staff(name, *roles))
        assertContains(ask(f"/review/{path}"), "role_missing", status_code=403)


VIEWS = {
    "mine": {"mine"},
    "unassigned": {"submitted", "revised"},
    "lapsed": {"in_review"},
    "waiting": {"info_requested"},
    "recommended": {"recommended", "held"},
    "appeals": {"appealed"},
    "holds": {"held"},
    "overdue": {"late"},
    "decided": {"approved", "refused_fixable", "refused_final"},
}


def test_each_view_shows_its_cases(ben: User, family: Family, client: Client) -> None:
    future = timezone.now() + DAY
    cases = {
        state.value: make_application(make_user(f"user-{place}"), family, state, due_at=future)
        for place, state in enumerate(State)
    }
    mine: dict[str, Any] = {"claimed_at": timezone.now(), "due_at": future}
    cases["mine"] = make_application(make_user("eve"), family, State.IN_REVIEW, holder=ben, **mine)
    held: dict[str, Any] = {"hold_ground": "A hit.", "hold_recheck_at": future, "due_at": future}
    cases["held"] = make_application(make_user("fay"), family, State.RECOMMENDED, **held)
    fresh: dict[str, Any] = {"claimed_at": timezone.now(), "due_at": NOW}
    cases["late"] = make_application(make_user("gil"), family, State.IN_REVIEW, **fresh)
    for view, names in VIEWS.items():
        assert set(numbers(client, f"view={view}")) == {str(cases[name].number) for name in names}, view
    assert set(numbers(client, "view=all")) == {str(case.number) for name, case in cases.items() if name != "draft"}


def test_what_lapsed_before_it_was_sent_is_nobodys_business(ben: User, family: Family, client: Client) -> None:
    draft = make_application(make_user("ada"), family, State.DRAFT)
    Application.objects.filter(pk=draft.pk).update(state=State.EXPIRED)
    assert numbers(client, "view=all") == []
    assert client.get(f"/review/{draft.number}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=ada", {"ada"}),
        ("text=ADA+Example", {"ada"}),
        ("text=kiel", {"cy"}),
        ("text=GH-2026-", {"ada", "cy"}),
        ("text=%25", set()),
        ("text=%00%5C'%22", set()),
        ("family=swan", {"cy"}),
        ("family=none", set()),
        ("country=malaysia", {"ada"}),
        ("position=student", {"cy"}),
        ("signal=free_mail", {"cy"}),
        ("signal=x", set()),
        ("days=20", {"cy"}),
        ("days=-1", {"ada", "cy"}),
        ("days=99999999999999999999", {"ada", "cy"}),
        ("days=0&sort=zz&view=zz&position=&after=zz&before=zz", {"ada", "cy"}),
        ("after=2026-99-99T00:00:00_1", {"ada", "cy"}),
    ],
)
def test_filters_narrow_and_nonsense_does_not_break(
    query: str, found: set[str], ben: User, family: Family, client: Client
) -> None:
    cases = {"ada": make_application(make_user("ada"), family, submitted_at=timezone.now())}
    cases["cy"] = make_application(make_user("cy"), make_open_family("swan"), submitted_at=timezone.now() - 30 * DAY)
    line = {"institution": "Uni Kiel", "country": "Germany", "position": "student"}
    QueueLine.objects.filter(application=cases["cy"]).update(**line)
    Signal.objects.create(
        application=cases["cy"], round=1, kind="free_mail", level="info", value="x", source="y", at=NOW
    )
    assert set(numbers(client, query)) == {str(cases[name].number) for name in found}


def make_many(family: Family, count: int) -> None:
    ada = make_user("ada")
    acceptance = make_acceptance(ada, family.weights_licence.versions.get())
    Application.objects.bulk_create(
        Application(
            applicant=ada, family=family, acceptance=acceptance, answers=ANSWERS, number=f"GH-2025-{place:05d}",
            form=current_form(family.pk), state=State.WITHDRAWN, submitted_at=NOW + place // 3 * HOUR, rounds=1,
        )
        for place in range(count)
    )  # fmt: skip


def test_pages_lead_through_all_rows_and_back_again(ben: User, family: Family, client: Client) -> None:
    make_many(family, 120)
    expected = [f"GH-2025-{place:05d}" for place in range(120)]
    seen, page = [], client.get("/review/?view=all").context
    while True:
        seen += [row.number for row, *_rest in page["rows"]]
        if not page["later"]:
            break
        page = client.get(page["later"]).context
    assert seen == expected
    back = client.get(page["earlier"]).context
    assert [row.number for row, *_rest in back["rows"]] == expected[50:100]
    assert numbers(client, "view=all&sort=newest")[:2] == expected[:-3:-1]


def test_hundreds_of_cases_cost_a_few_queries(ben: User, family: Family, client: Client) -> None:
    make_many(family, 300)
    client.get("/review/?view=all")
    with assertNumQueries(12):
        assertContains(client.get("/review/?view=all"), "GH-2025-00049")


def test_an_overdue_case_says_so(ben: User, family: Family, client: Client) -> None:
    make_application(make_user("ada"), family, due_at=NOW)
    assertContains(client.get("/review/"), '<span class="badge badge--danger">overdue</span>')
    assertContains(client.get("/review/"), "1 is overdue.")


def test_ones_own_case_leads_to_ones_own_page_and_tells_no_names(ben: User, family: Family, client: Client) -> None:
    dora = make_staff("dora", Role.REVIEWER)
    case = make_application(ben, family, State.IN_REVIEW, holder=dora)
    answer = client.get("/review/?view=all")
    assertContains(answer, f'href="/applications/{case.number}/"')
    assertNotContains(answer, str(dora))


def test_a_hostile_name_stays_in_its_row(ben: User, family: Family, client: Client) -> None:
    eve = make_user("eve")
    User.objects.filter(pk=eve.pk).update(full_name="Eve \u202e<img src=x>")
    make_application(eve, family)
    assertContains(client.get("/review/"), "<bdi>Eve \u202e&lt;img src=x&gt;</bdi>")


def test_a_view_is_kept_opened_replaced_and_dropped(ben: User, client: Client) -> None:
    query = Wanted(view=View.ALL, country="Malaysia", days=3).query
    assertRedirects(client.post("/review/filters/", {"name": "Old ones", "query": query}), f"/review/?{query}")
    assertContains(client.get("/review/"), "view=all&amp;country=Malaysia&amp;days=3")
    client.post("/review/filters/", {"name": "Old ones", "query": "view=mine"})
    kept = SavedFilter.objects.get(user=ben)
    assert kept.query == "view=mine"
    client.post(f"/review/filters/{kept.pk}/delete/")
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize(("name", "code"), [("", "name_missing"), (" \u202e\n", "name_missing")])
def test_a_view_needs_a_name(name: str, code: str, ben: User, client: Client) -> None:
    assertContains(client.post("/review/filters/", {"name": name}), code, status_code=400)


def test_kept_views_are_ones_own_and_not_without_end(ben: User, client: Client) -> None:
    gus = make_user("gus", Role.REVIEWER)
    theirs = SavedFilter.objects.create(user=gus, name="Theirs", query="view=mine")
    assertNotContains(client.get("/review/"), "Theirs")
    assert client.post(f"/review/filters/{theirs.pk}/delete/").status_code == 404
    SavedFilter.objects.bulk_create(SavedFilter(user=ben, name=f"{n}", query="") for n in range(MOST_FILTERS))
    assertContains(client.post("/review/filters/", {"name": "More"}), "too_many_filters", status_code=409)


def test_wishes_survive_the_way_through_an_address() -> None:
    wishes = [
        Wanted(),
        Wanted(view=View.DECIDED, sort=Sort.NEWEST),
        Wanted(view=View.OVERDUE, text="a&b=c", sort=Sort.DUE, days=7),
    ]
    for wanted in wishes:
        assert Wanted.parse(wanted.query) == wanted


def test_the_next_case_is_the_oldest_that_one_may_take(ben: User, family: Family, client: Client) -> None:
    oldest = make_application(make_user("ada"), family, submitted_at=NOW - 9 * DAY)
    commands.declare_conflict(actor=ben, domain="kiel.example", now=NOW)
    User.objects.filter(pk=oldest.applicant_id).update(email="ada@kiel.example")
    make_application(ben, family, submitted_at=NOW - 8 * DAY)  # his own
    held: dict[str, Any] = {"hold_ground": "A hit.", "submitted_at": NOW - 7 * DAY}
    make_application(make_user("cy"), family, **held)
    wanted = make_application(make_user("eve"), family, submitted_at=NOW - 6 * DAY)
    make_application(make_user("fay"), family, submitted_at=NOW - 5 * DAY)
    assertRedirects(client.post("/review/next/"), f"/review/{wanted.number}/")
    assert Application.objects.get(pk=wanted.pk).claimed_by == ben


def test_nothing_to_take_is_said(ben: User, client: Client) -> None:
    assertRedirects(client.post("/review/next/"), "/review/")
    assertContains(client.get("/review/"), "Nothing waits")


def test_a_case_too_near_is_passed_over_even_when_the_list_does_not_know(ben: User, family: Family) -> None:
    near = make_application(make_user("ada"), family, submitted_at=NOW - 9 * DAY)
    Application.objects.filter(pk=near.pk).update(state=State.INFO_REQUESTED)
    Application.objects.filter(pk=near.pk).update(answers={**ANSWERS, "referee_email": ben.email}, state=near.state)
    free = make_application(make_user("cy"), family)
    taken = claim_next(actor=ben, now=NOW)
    assert taken is not None
    assert taken.pk == free.pk  # the referee's own case was refused by the command


def test_one_walks_through_the_view_that_one_came_from(ben: User, family: Family, client: Client) -> None:
    cases = [make_application(make_user(f"u{n}"), family, submitted_at=NOW + n * HOUR) for n in range(3)]
    other = make_application(make_user("eve"), family, State.WITHDRAWN, submitted_at=NOW + HOUR + timedelta(minutes=1))
    client.get("/review/?view=unassigned")
    where = f"/review/{cases[1].number}"
    assertRedirects(client.get(f"{where}/following/"), f"/review/{cases[2].number}/")
    assertRedirects(client.get(f"{where}/previous/"), f"/review/{cases[0].number}/")
    assertRedirects(client.get(f"/review/{cases[2].number}/following/"), "/review/?view=unassigned")
    client.get("/review/?view=all&sort=newest")
    assertRedirects(client.get(f"/review/{cases[2].number}/following/"), f"/review/{other.number}/")


def bulk(client: Client, what: str, cases: list[Application], **fields: Any) -> Any:
    chosen = [f"{case.number}:{case.version}" for case in cases]
    return client.post("/review/bulk/", {"what": what, "case": chosen, **fields})


def test_several_cases_are_given_back_and_each_says_how_it_went(ben: User, family: Family, client: Client) -> None:
    mine = make_application(make_user("ada"), family, State.IN_REVIEW, holder=ben)
    theirs = make_application(make_user("cy"), family, State.IN_REVIEW)
    results = bulk(client, "release", [mine, theirs]).context["results"]
    assert [(result.number, result.done) for result in results] == [(mine.number, True), (theirs.number, False)]
    assert Application.objects.get(pk=mine.pk).state == State.SUBMITTED


def test_one_message_goes_to_several_applicants(ben: User, family: Family, client: Client) -> None:
    cases = [make_application(make_user(f"u{n}"), family) for n in range(2)]
    assertContains(bulk(client, "message", cases), "Message")
    assert bulk(client, "message", cases, go="1", text=" ").status_code == 422
    bulk(client, "message", cases, go="1", text="We answer by Friday.")
    assert all(case.messages.get().text == "We answer by Friday." for case in cases)


def test_several_cases_are_handed_over(ben: User, family: Family, client: Client) -> None:
    gus = make_user("gus", Role.REVIEWER)
    cases = [make_application(make_user(f"u{n}"), family, State.IN_REVIEW, holder=ben) for n in range(2)]
    bulk(client, "hand_over", cases, go="1", to=gus.pk)
    assert set(Application.objects.values_list("claimed_by", flat=True)) == {gus.pk}


@pytest.mark.parametrize("what", ["approve", "refuse", "refuse_final", "", "__class__"])
def test_nothing_is_decided_in_bulk(what: str, ben: User, family: Family, client: Client) -> None:
    case = make_application(make_user("ada"), family, State.IN_REVIEW, holder=ben)
    assertRedirects(bulk(client, what, [case], go="1"), "/review/")
    assert Application.objects.get().state == State.IN_REVIEW


def test_rows_that_are_no_rows_are_left_out(ben: User, client: Client) -> None:
    posted = {"what": "release", "case": ["", ":", "GH-1:x", "GH-1:٣", "GH-1", "x" * 500 + ":1"]}
    assertRedirects(client.post("/review/bulk/", posted), "/review/")
