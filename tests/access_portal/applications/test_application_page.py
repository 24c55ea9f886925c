"""What applicants see of their own applications."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertNumQueries, assertRedirects

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Appeal, Application, State
from release.models import Family
from tests.access_portal.applications.scenes import (
    CHECKED,
    DAY,
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
    submit,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def family() -> Family:
    return make_open_family()


def in_review(ada: User, family: Family) -> Application:
    return make_application(ada, family, State.IN_REVIEW, holder=make_user("dan", Role.REVIEWER, Role.DECIDER))


def decide(case: Application, name: str, now: Any = NOW, **words: Any) -> Application:
    """Whoever holds the case answers; the applicant hears of it a minute later."""
    dan = case.claimed_by or make_user("dan", Role.REVIEWER, Role.DECIDER)
    getattr(commands, name)(actor=dan, number=str(case.number), version=case.version, now=now, **words)
    case.refresh_from_db()
    return case


@pytest.mark.parametrize("state", State.values)
def test_every_state_is_explained_and_names_who_acts_next(
    state: str, ada: User, family: Family, client: Client
) -> None:
    case = make_application(ada, family, State(state))
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, State(state).label)
    assertContains(page, "Who acts next")
    assertContains(page, str(case.number))


def test_what_was_sent_is_shown_with_its_links(ada: User, family: Family, client: Client) -> None:
    page = client.get(f"/applications/{make_application(ada, family).number}/")
    assertContains(page, "Example University")
    assertContains(page, "https://orcid.org/0000-0002-1825-0097")


def test_the_timeline_tells_what_happened_but_not_which_reviewer_did_it(
    ada: User, family: Family, client: Client
) -> None:
    made = submit(ada, family)
    ben = make_user("ben", Role.REVIEWER)
    commands.claim(actor=ben, number=str(made.number), version=made.version, now=NOW)
    commands.note(actor=ben, number=str(made.number), text="Looks odd.", now=NOW)
    page = client.get(f"/applications/{made.number}/")
    for words in ("by you", "Taken up for review", "by the reviewers"):
        assertContains(page, words)
    for words in ("Ben Example", "Looks odd", "A note"):
        assertNotContains(page, words)


def test_an_approval_shows_terms_and_the_next_doors(ada: User, family: Family, client: Client) -> None:
    case = decide(in_review(ada, family), "approve", terms=TERMS, checked=CHECKED)
    page = client.get(f"/applications/{case.number}/")
    grant = case.grants.get()
    for words in (
        "Sound work.", "250,000 tokens", 'href="/grants/"', 'href="/models/toy/"', 'href="/account/tokens/"',
        f"/grants/{grant.number}/receipt/",
    ):  # fmt: skip
        assertContains(page, words)
    assertNotContains(page, "withdraw/")


def test_a_refusal_says_why_what_to_change_and_how_to_go_on(ada: User, family: Family, client: Client) -> None:
    case = in_review(ada, family)
    decide(case, "refuse_fixable", now=timezone.now() - DAY, **REFUSAL)
    page = client.get(f"/applications/{case.number}/")
    for words in (
        "purpose is not clear", "purpose_unclear", REFUSAL["text"], "Describe the method.", "can apply again from",
        f'href="/apply/toy/?previous={case.number}"', f'href="/applications/{case.number}/appeal/"',
    ):  # fmt: skip
        assertContains(page, words)


def test_a_final_refusal_can_only_be_appealed(ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family, State.REFUSED_FINAL)
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, "This answer is final")
    assertNotContains(page, "Apply again")


def test_a_decision_that_can_be_undone_has_not_been_said_yet(ada: User, family: Family, client: Client) -> None:
    case = in_review(ada, family)
    decide(case, "refuse_fixable", now=timezone.now(), **REFUSAL)
    for path in (f"/applications/{case.number}/", "/applications/", "/"):
        page = client.get(path)
        assertContains(page, "In review")
        assertNotContains(page, "efused")
        assertNotContains(page, REFUSAL["text"])
    assertNotContains(client.get("/account/messages/"), "is refused")


def test_a_decision_that_was_undone_was_never_said(ada: User, family: Family, client: Client) -> None:
    case = in_review(ada, family)
    decide(case, "approve", now=timezone.now(), terms=TERMS, checked=CHECKED)
    dan = User.objects.get(username="dan")
    commands.undo(actor=dan, number=str(case.number), version=case.version, now=timezone.now())
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, "In review")
    for words in ("Approved", "Taken back", "GR-"):
        assertNotContains(page, words)


def test_the_decision_is_shown_once_its_mail_may_leave(ada: User, family: Family, client: Client) -> None:
    case = in_review(ada, family)
    decide(case, "refuse_fixable", now=timezone.now() - timedelta(minutes=2), **REFUSAL)
    assertContains(client.get(f"/applications/{case.number}/"), REFUSAL["text"])


def test_whoever_is_late_is_told_to_be(ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family, State.SUBMITTED, due_at=timezone.now() - DAY)
    assertContains(client.get(f"/applications/{case.number}/"), "and are late")


def test_a_hold_is_told_without_its_ground(ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family, State.IN_REVIEW, hold_ground="Is on a list.", hold_recheck_at=NOW)
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, "on hold while we look something up")
    assertNotContains(page, "Is on a list.")


def test_rounds_show_what_was_asked_and_what_changed(ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family, State.REVISED)
    last = case.sent_rounds.get(number=2)
    case.sent_rounds.create(
        number=3, answers={**last.answers, "institution": "Other University"}, form=last.form,
        acceptance=last.acceptance, sent_at=NOW,
    )  # fmt: skip
    page = client.get(f"/applications/{case.number}/")
    for words in ("What you sent, round 3", "What you sent, round 1", "What will you measure", "Other University"):
        assertContains(page, words)


def test_a_case_whose_words_were_forgotten_still_has_its_page(ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family, State.CLOSED)
    commands.anonymise(number=str(case.number), now=NOW)
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, "The answers are no longer kept")
    assertNotContains(page, "Example University")


# Messages


def test_a_message_goes_to_the_reviewers_and_shows_whose_it_is(ada: User, family: Family, client: Client) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(ada, family, State.IN_REVIEW, holder=ben)
    answer = client.post(f"/applications/{case.number}/messages/", {"text": "May I add\na file?"})
    assertRedirects(answer, f"/applications/{case.number}/")
    commands.send_message(actor=ben, number=str(case.number), text="Please do.", now=timezone.now())
    page = client.get(f"/applications/{case.number}/")
    for words in ("May I add<br>a file?", "<strong>You</strong>", "<strong>The reviewers</strong>", "Please do."):
        assertContains(page, words)
    assertNotContains(page, "Ben Example")


@pytest.mark.parametrize(("text", "said"), [("", "Write something"), ("  \n", "Write something"), ("x" * 5000, "4000")])
def test_a_message_that_cannot_be_sent_stays_in_the_box(
    text: str, said: str, ada: User, family: Family, client: Client
) -> None:
    case = make_application(ada, family)
    page = client.post(f"/applications/{case.number}/messages/", {"text": text})
    assertContains(page, said, status_code=422)
    assertContains(page, f"{text.strip()[:50]}", status_code=422)
    assert not case.messages.exists()


def test_hostile_messages_are_shown_as_words(ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family)
    client.post(f"/applications/{case.number}/messages/", {"text": "<script>alert(1)</script>"})
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, "&lt;script&gt;alert(1)&lt;/script&gt;")
    assertNotContains(page, "<script>alert")


# Withdrawing and appealing


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.INFO_REQUESTED, State.RECOMMENDED])
def test_withdrawing_asks_first_and_happens_once(state: State, ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family, state)
    assertContains(client.get(f"/applications/{case.number}/withdraw/"), "Keep it")
    case.refresh_from_db()
    assert case.state == state
    assertRedirects(client.post(f"/applications/{case.number}/withdraw/"), f"/applications/{case.number}/")
    assert client.post(f"/applications/{case.number}/withdraw/").status_code == 409
    case.refresh_from_db()
    assert case.state == State.WITHDRAWN


def test_what_is_decided_is_not_withdrawn(ada: User, family: Family, client: Client) -> None:
    case = make_application(ada, family, State.APPROVED)
    page = client.get(f"/applications/{case.number}/withdraw/")
    assertContains(page, "can no longer be withdrawn")
    assertNotContains(page, 'button--danger"')


def refused(ada: User, family: Family) -> Application:
    case = in_review(ada, family)
    return decide(case, "refuse_fixable", now=timezone.now() - DAY, **REFUSAL)


def test_an_appeal_is_sent_once(ada: User, family: Family, client: Client) -> None:
    case = refused(ada, family)
    words = "The method is described in the second paragraph of my answer."
    assertContains(client.get(f"/applications/{case.number}/appeal/"), "Somebody who had no part in it")
    for status in (302, 409):
        assert client.post(f"/applications/{case.number}/appeal/", {"text": words}).status_code == status
    assert Appeal.objects.get().text == words
    assertContains(client.get(f"/applications/{case.number}/"), words)


def test_an_appeal_in_one_word_is_asked_for_more(ada: User, family: Family, client: Client) -> None:
    case = refused(ada, family)
    page = client.post(f"/applications/{case.number}/appeal/", {"text": "Unfair!"})
    assertContains(page, "Write at least 30 characters", status_code=422)
    assertContains(page, "Unfair!</textarea>", status_code=422)


def test_a_late_appeal_is_told_that_it_is_late(ada: User, family: Family, client: Client) -> None:
    case = in_review(ada, family)
    decide(case, "refuse_fixable", now=timezone.now() - 40 * DAY, **REFUSAL)
    assertContains(client.get(f"/applications/{case.number}/appeal/"), "cannot be appealed now")
    assertContains(client.get(f"/applications/{case.number}/"), "The time for an appeal ended on")
    answer = client.post(f"/applications/{case.number}/appeal/", {"text": "It was wrong, and here is why. " * 3})
    assertContains(answer, "appeal_over", status_code=409)


@pytest.mark.parametrize(("upheld", "said"), [(True, "Upheld"), (False, "Not upheld")])
def test_the_answer_to_an_appeal_is_shown_with_its_ground(
    upheld: bool, said: str, ada: User, family: Family, client: Client
) -> None:
    case = make_application(ada, family, State.APPEALED)
    ground = "The second paragraph does not describe a method, as we read it."
    decide(case, "decide_appeal", upheld=upheld, ground=ground)
    page = client.get(f"/applications/{case.number}/")
    assertContains(page, said)
    assertContains(page, ground)


# The list


def test_the_list_begins_with_drafts_and_what_waits_for_you(ada: User, client: Client) -> None:
    sent = make_application(ada, make_open_family("aa"), State.SUBMITTED)
    returned = make_application(ada, make_open_family("bb"), State.INFO_REQUESTED)
    draft = make_application(ada, make_open_family("cc"), State.DRAFT)
    page = client.get("/applications/").content.decode()
    places = [page.index(str(case.number)) for case in (draft, returned, sent)]
    assert places == sorted(places)
    assert f'href="/applications/{draft.number}/edit/"' in page


def test_the_list_holds_nothing_of_others_and_costs_the_same_whatever_its_length(ada: User, client: Client) -> None:
    other = make_application(make_user("cy"), make_open_family("other"))
    for place in range(6):
        make_application(ada, make_open_family(f"fam{place}"), State.WITHDRAWN)
    with assertNumQueries(5):
        page = client.get("/applications/")
    assertNotContains(page, str(other.number))


def test_whoever_has_applied_for_nothing_is_shown_the_door(ada: User, client: Client) -> None:
    assertContains(client.get("/applications/"), "You have not applied for anything yet")
