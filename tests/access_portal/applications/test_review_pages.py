"""The queue and the page of a case, as reviewers and deciders use them."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertNumQueries, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, State
from access_portal.grants.models import Grant
from tests.access_portal.applications.scenes import (
    ANSWERS,
    HOUR,
    NOW,
    REFUSAL,
    make_application,
    make_open_family,
    make_staff,
)
from tests.factories import make_acceptance, make_user

pytestmark = pytest.mark.django_db

APPROVAL = {
    "version": 1, "duration_months": 12, "may_download": "on", "may_infer": "on", "token_quota": 1000,
    "variants": ["1m"], "reason": "Sound work.",
}  # fmt: skip
REFUSAL_POSTED = {**REFUSAL, "version": 1, "may_reapply": "yes"}


@pytest.fixture
def ben(client: Client) -> User:
    user = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    client.force_login(user)
    return user


@pytest.fixture
def case() -> Application:
    return make_application(make_user("ada"), make_open_family())


@pytest.mark.parametrize("path", ["", "{n}/"])
def test_only_reviewers_and_deciders_come_in(path: str, case: Application, client: Client) -> None:
    address = "/review/" + path.format(n=case.number)
    assertRedirects(client.get(address), f"/account/login/?next={address}", fetch_redirect_response=False)
    for name, roles in (("cy", ()), ("mia", (Role.RELEASE_MANAGER, Role.OPERATOR, Role.AUDITOR))):
        client.force_login(make_staff(name, *roles))
        assertContains(client.get(address), "role_missing", status_code=403)


@pytest.mark.parametrize("command", ["claim", "release", "approve", "refuse"])
def test_a_command_is_not_given_by_reading_a_page(command: str, ben: User, case: Application, client: Client) -> None:
    assert client.get(f"/review/{case.number}/{command}/").status_code == 405


def test_the_queue_shows_open_cases_oldest_first(ben: User, client: Client) -> None:
    family = make_open_family()
    young = make_application(make_user("ada"), family, submitted_at=NOW)
    old = make_application(make_user("cy"), family, State.IN_REVIEW, submitted_at=NOW - 30 * HOUR)
    done = make_application(make_user("eve"), family, State.WITHDRAWN)
    text = client.get("/review/").content.decode()
    assert text.index(str(old.number)) < text.index(str(young.number))
    assert str(done.number) not in text
    assert "Waiting: 1. In review: 1" in text


@pytest.mark.parametrize(
    ("show", "states"),
    [
        ("open", {"submitted", "in_review", "mine"}),
        ("mine", {"mine"}),
        ("decided", {"approved", "refused"}),
        ("all", {"submitted", "in_review", "mine", "approved", "refused", "withdrawn"}),
        ("<script>", {"submitted", "in_review", "mine"}),
    ],
)
def test_the_queue_can_be_narrowed(show: str, states: set[str], ben: User, client: Client) -> None:
    family, gus = make_open_family(), make_user("gus", Role.DECIDER)
    cases = {
        state.value: make_application(make_user(f"user-{number}"), family, state, holder=gus)
        for number, state in enumerate(State)
    }
    cases["mine"] = make_application(make_user("eve"), family, State.IN_REVIEW, holder=ben)
    text = client.get("/review/", {"show": show}).content.decode()
    assert {state for state, made in cases.items() if str(made.number) in text} == states


def test_five_hundred_cases_cost_a_few_queries(ben: User, client: Client) -> None:
    ada, family = make_user("ada"), make_open_family()
    acceptance = make_acceptance(ada, family.weights_licence.versions.get())
    Application.objects.bulk_create(
        Application(
            applicant=ada, family=family, acceptance=acceptance, answers=ANSWERS, number=f"GH-2025-{place:05d}",
            state=State.WITHDRAWN, submitted_at=NOW,
        )
        for place in range(500)
    )  # fmt: skip
    with assertNumQueries(7):  # session, person, second factor, roles, states, number of rows, rows
        page = client.get("/review/", {"show": "all", "page": "3"})
    assertContains(page, "GH-2025-00100")
    assertContains(page, "Page 3 of 10")


@pytest.mark.parametrize("page", ["0", "99", "-1", "x", "\x00", "9" * 400])
def test_a_page_that_is_not_there_shows_one_that_is(page: str, ben: User, case: Application, client: Client) -> None:
    assertContains(client.get("/review/", {"page": page}), case.number)


def test_a_case_shows_answers_and_evidence(ben: User, case: Application, client: Client) -> None:
    page = client.get(f"/review/{case.number}/")
    for words in ("Example University", "ada@uni.example", case.acceptance.sha256, "Take this case", "Faculty"):
        assertContains(page, words)


def test_a_number_that_is_not_there(ben: User, client: Client) -> None:
    assertContains(client.get("/review/GH-2026-77777/"), "application_not_found", status_code=404)


def test_a_case_leads_to_its_neighbours(ben: User, client: Client) -> None:
    family = make_open_family()
    cases = [
        make_application(make_user(f"user-{place}"), family, submitted_at=NOW + place * HOUR) for place in range(3)
    ]
    page = client.get(f"/review/{cases[1].number}/")
    assertContains(page, f'data-key="k" href="/review/{cases[0].number}/"')
    assertContains(page, f'data-key="j" href="/review/{cases[2].number}/"')
    assertNotContains(client.get(f"/review/{cases[0].number}/"), 'data-key="k"')


def test_claiming_giving_back_and_claiming_again(ben: User, case: Application, client: Client) -> None:
    where = f"/review/{case.number}/"
    for version, command in enumerate(("claim", "release", "claim"), start=1):
        assertRedirects(client.post(f"{where}{command}/", {"version": version}), where)
    case.refresh_from_db()
    assert (case.state, case.claimed_by) == (State.IN_REVIEW, ben)


@pytest.mark.parametrize("version", ["", "2", "x", "-1", "٣", "9" * 400])
def test_a_wrong_version_claims_nothing(version: str, ben: User, case: Application, client: Client) -> None:
    page = client.post(f"/review/{case.number}/claim/", {"version": version})
    assertContains(page, "stale_version", status_code=409)
    assertContains(page, f'href="/review/{case.number}/"', status_code=409)
    assert Application.objects.get().claimed_by is None


def test_a_case_of_a_colleague_says_so_and_offers_no_claim(ben: User, client: Client) -> None:
    grace = make_user("grace", Role.REVIEWER)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=grace)
    Application.objects.update(claimed_at=case.claimed_at.replace(year=2099))
    page = client.get(f"/review/{case.number}/")
    assertContains(page, "Grace Example took it")
    assertNotContains(page, f"/review/{case.number}/claim/")
    assertContains(client.post(f"/review/{case.number}/claim/", {"version": 1}), "claimed_by_other", status_code=409)


def test_the_terms_are_filled_in_with_what_was_asked_for(ben: User, client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    form = client.get(f"/review/{case.number}/").context["approve_form"]
    assert (form["token_quota"].value(), form["variants"].value()) == (250_000, ["1m"])
    assert (form["may_download"].value(), form["may_infer"].value(), form["duration_months"].value()) == (
        True,
        True,
        12,
    )


def test_approving_on_the_page_makes_a_grant(ben: User, client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    assertRedirects(client.post(f"/review/{case.number}/approve/", APPROVAL), f"/review/{case.number}/")
    assert Grant.objects.get().application == case
    assertContains(client.get(f"/review/{case.number}/"), "Decided by Ben Example")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"duration_months": "25"}, "duration_months"),
        ({"duration_months": ""}, "duration_months"),
        ({"token_quota": "0"}, "token_quota"),
        ({"token_quota": "9" * 30}, "token_quota"),
        ({"may_download": "", "may_infer": ""}, "may_download"),
        ({"variants": ["65b"]}, "variants"),
        ({"reason": " "}, "reason"),
        ({"reason": "x\x00y"}, "reason"),
        ({"version": "x"}, "version"),
    ],
)
def test_terms_that_cannot_be_come_back_with_the_field(
    change: dict[str, object], field: str, ben: User, client: Client
) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    posted = {name: value for name, value in {**APPROVAL, **change}.items() if value != ""}
    page = client.post(f"/review/{case.number}/approve/", posted)
    assertContains(page, f'href="#approve_{field}"', status_code=422)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "No."}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"code": "dislike"}, "code"),
        ({"may_reapply": ""}, "may_reapply"),
        ({"what_to_change": ""}, "what_to_change"),
    ],
)
def test_a_refusal_that_says_too_little_comes_back(
    change: dict[str, str], field: str, ben: User, client: Client
) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    page = client.post(f"/review/{case.number}/refuse/", {**REFUSAL_POSTED, **change})
    assertContains(page, f'href="#refuse_{field}"', status_code=422)
    assert Application.objects.get().state == State.IN_REVIEW


def test_refusing_on_the_page_and_once_more(ben: User, client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    assertRedirects(client.post(f"/review/{case.number}/refuse/", REFUSAL_POSTED), f"/review/{case.number}/")
    again = client.post(f"/review/{case.number}/refuse/", {**REFUSAL_POSTED, "version": 2})
    assertContains(again, "wrong_state", status_code=409)


def test_a_refusal_can_begin_with_prepared_words(ben: User, client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    form = client.get(f"/review/{case.number}/", {"reason": "not_research"}).context["refuse_form"]
    assert (form["code"].value(), form["may_reapply"].value()) == ("not_research", "no")
    assert client.get(f"/review/{case.number}/", {"reason": "<script>"}).context["refuse_form"]["text"].value() is None


def test_ones_own_case_has_a_notice_and_no_buttons(ben: User, client: Client) -> None:
    case = make_application(ben, make_open_family(), State.IN_REVIEW)
    page = client.get(f"/review/{case.number}/")
    assertContains(page, "Nobody handles their own")
    assertNotContains(page, 'method="post" action="/review/')
    for command, posted in (("claim", {"version": 1}), ("approve", APPROVAL), ("refuse", REFUSAL_POSTED)):
        assertContains(client.post(f"/review/{case.number}/{command}/", posted), "own_case", status_code=403)


def test_a_reviewer_who_is_no_decider_sees_no_decision_forms(client: Client) -> None:
    bea = make_staff("bea", Role.REVIEWER)
    client.force_login(bea)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=bea)
    page = client.get(f"/review/{case.number}/")
    assertContains(page, "A decider answers this case")
    assertNotContains(page, "/approve/")
    assertContains(client.post(f"/review/{case.number}/approve/", APPROVAL), "role_missing", status_code=403)


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.REFUSED])
def test_staff_who_apply_are_not_told_which_colleague_reads_it(state: State, ben: User, client: Client) -> None:
    dora = make_staff("dora", Role.REVIEWER, Role.DECIDER)
    case = make_application(ben, make_open_family(), state, holder=dora)
    for page in ("/review/?show=all", f"/review/{case.number}/"):
        assertContains(client.get(page), str(case.number))
        assertNotContains(client.get(page), str(dora))


def test_no_page_has_script_or_style_of_its_own(ben: User, client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    for path in ("/review/", f"/review/{case.number}/"):
        text = client.get(path).content.decode()
        assert "style=" not in text
        assert "<script>" not in text
        assert " onclick=" not in text
