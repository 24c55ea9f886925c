"""The page of a case, as reviewers and deciders use it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.cockpit.acts import ACTS
from access_portal.applications.models import Application, State
from access_portal.grants.models import Grant
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import (
    ANSWERS,
    CHECKED,
    FINAL,
    REFUSAL,
    current_licence,
    draft,
    make_application,
    make_open_family,
    make_staff,
    submit,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db

APPROVAL: dict[str, Any] = {
    "checked": CHECKED, "duration_months": 12, "may_download": "on", "may_infer": "on", "token_quota": 1000,
    "variants": ["1m"], "reason": "Sound work.",
}  # fmt: skip


@pytest.fixture
def ben(client: Client) -> User:
    user = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    client.force_login(user)
    return user


@pytest.fixture
def case(ben: User) -> Application:
    """Sent by Ada and taken by Ben just now."""
    made = submit(make_user("ada"), make_open_family())
    return commands.claim(actor=ben, number=str(made.number), version=made.version, now=timezone.now())


def page(client: Client, case: Application) -> str:
    return client.get(f"/review/{case.number}/").content.decode()


def post(client: Client, case: Application, name: str, **fields: Any) -> Any:
    """Send the form of an act, with the version of the row at hand."""
    return client.post(f"/review/{case.number}/{ACTS[name].slug}/", {"version": case.version, **fields})


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_not_done_by_reading_a_page(name: str, case: Application, client: Client) -> None:
    assert client.get(f"/review/{case.number}/{ACTS[name].slug}/").status_code == 405


def test_a_case_shows_answers_and_evidence(case: Application, client: Client) -> None:
    text = page(client, case)
    assert case.acceptance is not None
    for words in ("Example University", "ada@uni.example", case.acceptance.sha256[:16], "Keep it for two more hours"):
        assert words in text


@pytest.mark.parametrize("number", ["GH-2026-77777", "nonsense", "GH-2026-00001-or-1"])
def test_a_number_that_is_not_there(number: str, ben: User, client: Client) -> None:
    assertContains(client.get(f"/review/{number}/"), "application_not_found", status_code=404)


def test_names_and_words_are_shown_as_they_are_and_run_nothing(case: Application, client: Client) -> None:
    User.objects.filter(pk=case.applicant_id).update(full_name="Ada \u202e<script>alert(1)</script>")
    told: dict[str, Any] = {"number": str(case.number), "now": timezone.now()}
    commands.send_message(actor=case.applicant, text="</p><script>alert(2)</script>", **told)
    text = page(client, case)
    assert "<script>alert" not in text
    assert "<bdi>Ada \u202e&lt;script&gt;" in text


def test_the_version_on_the_screen_must_be_the_newest_one(case: Application, client: Client) -> None:
    for version in ("", "1", "x", "-1", "٣", "9" * 400):
        answer = client.post(f"/review/{case.number}/release/", {"version": version})
        assertContains(answer, "stale_version", status_code=409)
    assert Application.objects.get().state == State.IN_REVIEW


def test_nothing_typed_is_lost_when_the_case_changed_meanwhile(case: Application, client: Client) -> None:
    gus = make_user("gus", Role.DECIDER)
    hold: dict[str, Any] = {"ground": "The legal office looks at it.", "recheck_at": timezone.now().replace(year=2099)}
    commands.set_hold(actor=gus, number=str(case.number), version=case.version, now=timezone.now(), **hold)
    asked = {"question_1": "purpose", "text_1": "What will you measure, and how?", "due_on": "2099-01-01"}
    answer = post(client, case, "ask", **asked)
    assertContains(answer, "Since the page that you were reading", status_code=409)
    assertContains(answer, "Put on hold", status_code=409)
    assertContains(answer, "What will you measure, and how?</textarea>", status_code=409)
    case.refresh_from_db()
    assertContains(answer, f'name="version" value="{case.version}" id="ask_version"', status_code=409)
    assertRedirects(post(client, case, "ask", **asked), f"/review/{case.number}/")


def test_words_for_a_case_that_is_decided_are_given_back(case: Application, client: Client) -> None:
    gus = make_user("gus", Role.DECIDER)
    seen = case.version
    Application.objects.update(claimed_at=timezone.now().replace(year=2020))  # so that Gus may take it over
    commands.refuse_fixable(actor=gus, number=str(case.number), version=seen, now=timezone.now(), **REFUSAL)
    answer = post(client, case, "recommend", verdict="approve", text="My long thoughts about it.", checked=CHECKED)
    assertContains(answer, "wrong_state", status_code=409)
    assertContains(answer, "My long thoughts about it.</textarea>", status_code=409)
    assertContains(answer, "it was not sent", status_code=409)


def test_the_terms_are_filled_in_with_what_was_asked_for(case: Application, client: Client) -> None:
    form = client.get(f"/review/{case.number}/").context["acts"]["approve"].form
    names = ("token_quota", "variants", "may_download", "may_infer", "duration_months")
    assert [form[name].value() for name in names] == [250_000, ["1m"], True, True, 12]


def test_approving_on_the_page_makes_a_grant(case: Application, client: Client) -> None:
    assertRedirects(post(client, case, "approve", **APPROVAL), f"/review/{case.number}/")
    assert (Grant.objects.get().application, Grant.objects.get().bytes_per_day) == (case, None)
    assertContains(client.get(f"/review/{case.number}/"), "By <bdi>Ben Example</bdi>")


def test_a_grant_gets_the_gigabytes_a_day_that_were_written(case: Application, client: Client) -> None:
    post(client, case, "approve", **APPROVAL, bytes_per_day="250")
    assert Grant.objects.get().bytes_per_day == 250 * 10**9


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"duration_months": "25"}, "duration_months"),
        ({"duration_months": ""}, "duration_months"),
        ({"token_quota": "0"}, "token_quota"),
        ({"token_quota": "9" * 30}, "token_quota"),
        ({"may_download": None, "may_infer": None}, "may_download"),
        ({"variants": ["65b"]}, "variants"),
        ({"variants": None}, "variants"),
        ({"reason": " "}, "reason"),
        ({"reason": "x\x00y"}, "reason"),
        ({"reason": "x" * 4001}, "reason"),
        ({"checked": ["identity"]}, "checked"),
        ({"checked": ["nonsense"]}, "checked"),
    ],
)
def test_terms_that_cannot_be_come_back_with_the_field(
    change: dict[str, Any], field: str, case: Application, client: Client
) -> None:
    posted = {name: value for name, value in {**APPROVAL, **change}.items() if value is not None}
    assertContains(post(client, case, "approve", **posted), f'href="#approve_{field}', status_code=422)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "No."}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"code": "dislike"}, "code"),
        ({"what_to_change": " "}, "what_to_change"),
        ({"retry_from": "2020-01-01"}, "retry_from"),
        ({"retry_from": "soon"}, "retry_from"),
    ],
)
def test_a_refusal_that_says_too_little_comes_back(
    change: dict[str, str], field: str, case: Application, client: Client
) -> None:
    answer = post(client, case, "refuse", **{**REFUSAL, **change})
    assertContains(answer, f'href="#refuse_{field}"', status_code=422)
    assert Application.objects.get().state == State.IN_REVIEW


def test_the_mail_is_shown_before_it_is_sent_and_sent_as_it_was_shown(case: Application, client: Client) -> None:
    before = OutboxMail.objects.count()
    shown = post(client, case, "refuse", **REFUSAL, preview="1").context["acts"]["refuse"].mails
    assert (OutboxMail.objects.count(), Application.objects.get().state) == (before, State.IN_REVIEW)
    post(client, case, "refuse", **REFUSAL)
    sent = OutboxMail.objects.latest("pk")
    assert [(mail.subject, mail.body) for mail in shown] == [(sent.subject, sent.body)]


def test_a_preview_keeps_the_words_and_tells_what_is_wrong_with_them(case: Application, client: Client) -> None:
    answer = post(client, case, "approve", **{**APPROVAL, "checked": []}, preview="1")
    for words in ("Not checked yet: The person", "; The institution", "; The purpose"):
        assertContains(answer, words, status_code=422)
    assertContains(answer, "Sound work.</textarea>", status_code=422)


def test_undoing_within_the_minute_takes_the_mail_back(case: Application, client: Client) -> None:
    post(client, case, "approve", **APPROVAL)
    case.refresh_from_db()
    assertContains(client.get(f"/review/{case.number}/"), "data-undo")
    assertRedirects(post(client, case, "undo"), f"/review/{case.number}/")
    assert Application.objects.get().state == State.IN_REVIEW
    assert OutboxMail.objects.get(template="application_approved").cancelled_at is not None
    assertNotContains(client.get(f"/review/{case.number}/"), "data-undo")


def test_questions_can_be_several_and_are_pinned_to_answers(case: Application, client: Client) -> None:
    asked = {"question_1": "purpose", "text_1": "What will you measure, and how?", "text_3": "Who pays for it all?"}
    post(client, case, "ask", **asked, due_on="2099-01-01")
    rows = Application.objects.get().info_requests.values_list("question", "text")
    assert list(rows) == [("purpose", "What will you measure, and how?"), ("", "Who pays for it all?")]


@pytest.mark.parametrize(
    "change",
    [
        {"text_1": ""},
        {"text_1": "Why?"},
        {"question_1": "nonsense"},
        {"due_on": "2020-01-01"},
        {"due_on": ""},
        {"question_2": "purpose"},
    ],
)
def test_questions_that_say_too_little_come_back(change: dict[str, str], case: Application, client: Client) -> None:
    asked = {"question_1": "purpose", "text_1": "What will you measure?", "due_on": "2099-01-01", **change}
    assert post(client, case, "ask", **asked).status_code == 422
    assert Application.objects.get().state == State.IN_REVIEW


def test_prepared_words_begin_a_form_without_any_script(case: Application, client: Client) -> None:
    where = f"/review/{case.number}/"
    form = client.get(where, {"refuse": "ethics_missing"}).context["acts"]["refuse"].form
    assert form["code"].value() == "ethics_missing"
    assert str(form["what_to_change"].value()).startswith("Say which ethics board")
    asks = client.get(where, {"ask": ["method", "sizes"]}).context["acts"]["ask"].form
    assert (asks["question_1"].value(), asks["question_2"].value()) == ("purpose", "sizes")
    assert client.get(where, {"about": "sharing"}).context["acts"]["ask"].form["question_1"].value() == "sharing"
    wrong = client.get(where, {"refuse": "<script>", "ask": "<script>", "about": "<script>"})
    assert wrong.context["acts"]["refuse"].form["text"].value() is None


def test_an_answer_under_way_is_not_shown_before_it_is_sent(case: Application, client: Client) -> None:
    ask = commands.Ask("What will you measure, and how?", "purpose")
    told: dict[str, Any] = {"number": str(case.number), "now": timezone.now()}
    asked = commands.request_info(actor=case.claimed_by, version=case.version, asks=[ask], **told)
    request = asked.info_requests.get()
    told["now"] += timedelta(minutes=2)  # once the mail has left
    commands.save_draft(
        actor=case.applicant, version=asked.version, answers={"purpose": "Still thinking. " * 20},
        replies={request.pk: "Not sure yet."}, **told,
    )  # fmt: skip
    text = page(client, case)
    assert ANSWERS["purpose"][:40] in text
    assert "Still thinking" not in text
    assert "Not sure yet" not in text


def test_opinions_of_others_are_hidden_until_ones_own_is_given(case: Application, client: Client) -> None:
    gus = make_user("gus", Role.REVIEWER)
    commands.opine(actor=gus, number=str(case.number), verdict="approve", text="I know the lab.", now=timezone.now())
    assertContains(client.get(f"/review/{case.number}/"), "1 colleague has given an opinion")
    assertNotContains(client.get(f"/review/{case.number}/"), "I know the lab.")
    post(client, case, "opine", verdict="refuse_fixable", text="Too vague.")
    assertContains(client.get(f"/review/{case.number}/"), "I know the lab.")


def test_four_eyes_offer_no_approval_to_whoever_recommends(case: Application, client: Client) -> None:
    post(client, case, "recommend", verdict="approve", text="Fine, but unusual.", checked=CHECKED, doubt="on")
    case.refresh_from_db()
    assertNotContains(client.get(f"/review/{case.number}/"), f"/review/{case.number}/approve/")
    assertContains(post(client, case, "approve", **APPROVAL), "four_eyes", status_code=409)


def test_a_final_refusal_takes_two(case: Application, client: Client) -> None:
    post(client, case, "recommend", verdict="refuse_final", code="not_research", text="A product.", checked=CHECKED)
    case.refresh_from_db()
    post(client, case, "propose_final", **FINAL)
    assertContains(client.get(f"/review/{case.number}/"), "Another decider has to confirm it.")
    client.force_login(make_staff("gus", Role.DECIDER))
    case.refresh_from_db()
    assertRedirects(post(client, case, "confirm_final"), f"/review/{case.number}/")
    assert Application.objects.get().state == State.REFUSED_FINAL


def test_handing_over_asks_to_whom_and_leaves_out_who_cannot(case: Application, client: Client) -> None:
    gus, near = make_user("gus", Role.REVIEWER), make_user("nia", Role.REVIEWER)
    commands.declare_conflict(actor=near, person=case.applicant, now=timezone.now())
    form = post(client, case, "hand_over").context["acts"]["hand_over"].form
    assert list(form.fields["to"].queryset) == [gus]
    assert not form.errors
    assertRedirects(post(client, case, "hand_over", to=gus.pk), f"/review/{case.number}/")
    assert Application.objects.get().claimed_by == gus


def test_declaring_a_conflict_gives_the_case_back_and_shuts_it(case: Application, client: Client) -> None:
    assertRedirects(post(client, case, "conflict", reason="A co-author."), "/review/")
    row = Application.objects.get()
    assert (row.state, row.claimed_by) == (State.SUBMITTED, None)
    assertContains(client.get(f"/review/{case.number}/"), "conflict_of_interest", status_code=403)


def test_a_reviewer_who_is_no_decider_sees_no_decision_forms(client: Client) -> None:
    bea = make_staff("bea", Role.REVIEWER)
    client.force_login(bea)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=bea)
    for name in ("approve", "refuse", "hold"):
        assertNotContains(client.get(f"/review/{case.number}/"), f"/review/{case.number}/{ACTS[name].slug}/")
    assertContains(post(client, case, "approve", **APPROVAL), "role_missing", status_code=403)


def test_a_lab_can_be_named_where_others_were_named(ben: User, client: Client) -> None:
    family, now = make_open_family(), timezone.now()
    alone = submit(make_user("cy"), family, now=now)
    begun = draft(make_user("ada"), family, {**ANSWERS, "co_members": "Fay Example"}, now=now)
    told: dict[str, Any] = {"actor": begun.applicant, "number": begun.number, "version": begun.version, "now": now}
    group = commands.submit_application(**told, **current_licence(family))
    for case, offered in ((alone, False), (group, True)):
        taken = commands.claim(actor=ben, number=str(case.number), version=case.version, now=now)
        assert ("Name of the lab" in page(client, taken)) == offered
    post(client, taken, "approve", **APPROVAL, lab_name=" Agreement lab ")
    assert Grant.objects.get().lab_name == "Agreement lab"


def test_no_page_has_script_or_style_of_its_own(case: Application, client: Client) -> None:
    for path in ("/review/", f"/review/{case.number}/", "/review/desk/", "/review/conflicts/"):
        text = client.get(path).content.decode()
        assert "style=" not in text
        assert "<script>" not in text
        assert " onclick=" not in text
