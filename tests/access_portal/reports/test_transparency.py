"""The public page: what it says, what it keeps to itself, and who may cache it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from access_portal.applications.commands.keeping import forget_words
from access_portal.applications.models import Application, Round, State
from access_portal.reports.statements import published
from access_portal.reports.transparency import Transparency
from release.models import Family
from tests.access_portal.applications.scenes import ANSWERS, DAY, NOW, make_application, make_open_family
from tests.access_portal.reports.worlds import answered, ended, sent
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
SENTENCE = "We look at how small models <b>learn</b> =HYPERLINK(1)."
MINUTE = timedelta(minutes=1)


@pytest.fixture
def family() -> Family:
    return make_open_family()


def publish(family: Family, text: str = SENTENCE, says: str = "yes", name: str = "ada") -> Application:
    """Somebody with a grant, who agreed to publish a sentence."""
    answers = {**ANSWERS, "use_statement": text, "publish_statement": says}
    case = make_application(make_user(name), family, State.APPROVED, answers=answers)
    make_grant(case.applicant, family, now=NOW, application=case)
    return case


def says_now(case: Application, says: str | None) -> None:
    """Sent again, with another answer about publishing."""
    answers = {**case.answers, "publish_statement": says} if says else ANSWERS
    assert case.acceptance is not None
    Round.objects.create(
        application=case, number=2, answers=answers, form=case.form, acceptance=case.acceptance, sent_at=NOW
    )
    Application.objects.filter(pk=case.pk).update(rounds=2)


def test_it_counts_what_became_of_applications(family: Family) -> None:
    for _ in range(6):
        answered(family, 2 * DAY)
    for _ in range(5):
        answered(family, verdict="refuse_fixable", code="purpose_unclear")
        sent(family, NOW - 9 * DAY)
        ended(family, State.EXPIRED)
    page = Transparency(NOW)
    assert [list(row.cells) for row in page.stands] == [[5, 0, 0, 6, 5, 5, 21]] * 2
    ends = {line.key: line.count for line in page.ended if line.count}
    assert ends == {"approved": 6, "refused_purpose_unclear": 5, "lapsed": 5, "all": 16}
    assert page.oldest_days == 9
    assert [(cell.half, cell.nine_in_ten) for cell in page.waits[-1].cells] == [(None, None)] * 3 + [(2, 2)]


def test_of_four_answers_no_time_is_told(family: Family) -> None:
    for _ in range(4):
        answered(family)
    assert {cell.half for row in Transparency(NOW).waits for cell in row.cells} == {None}


def test_a_closed_application_counts_as_what_it_ended_with(family: Family) -> None:
    for verdict in ["approve"] * 5 + ["refuse_fixable"] * 6:
        case = answered(family, verdict=verdict)
        case.state = State.CLOSED
        case.save()
    assert list(Transparency(NOW).stands[0].cells) == [0, 0, 0, 5, 6, 0, 11]


def test_an_empty_house_answers_plainly(client: Client) -> None:
    page = client.get("/transparency/")
    assertContains(page, "Nobody has applied yet.")
    assertContains(page, "No application waits for us.")
    assert client.get("/transparency.json").json()["applications"] == {}


def test_small_counts_are_hidden_on_the_page_and_for_programs(family: Family, client: Client) -> None:
    now = timezone.now()
    for _ in range(3):
        sent(family, now)
    assertContains(client.get("/transparency/"), "fewer than 5")
    assert client.get("/transparency.json").json()["applications"]["toy"]["with_us"] == "fewer_than_5"


def test_nobody_is_named(family: Family, client: Client) -> None:
    case = publish(family)
    for address in ("/transparency/", "/transparency.json"):
        response = client.get(address)
        for secret in (case.number, "ada", "Ada", case.applicant.email, "Example University"):
            assertNotContains(response, str(secret))


def test_a_published_sentence_is_shown_as_text(family: Family, client: Client) -> None:
    publish(family)
    assertContains(client.get("/transparency/"), "small models &lt;b&gt;learn&lt;/b&gt;")
    assert client.get("/transparency.json").json()["statements"] == [{"text": SENTENCE, "family": "toy", "year": 2026}]


@pytest.mark.parametrize(("text", "says"), [(SENTENCE, "no"), (SENTENCE, ""), ("", "yes"), ("\u202e \n", "yes")])
def test_without_consent_or_words_nothing_is_published(text: str, says: str, family: Family) -> None:
    publish(family, text, says)
    assert published(NOW) == []


@pytest.mark.parametrize("state", ["undone", "suspended", "revoked", "expired"])
def test_it_stays_as_long_as_a_grant_was_given(state: str, family: Family) -> None:
    publish(family).grants.update(state=state)
    assert len(published(NOW)) == (0 if state == "undone" else 1)


def test_it_is_not_published_before_the_approval_is_told(family: Family) -> None:
    case = publish(family)
    Application.objects.filter(pk=case.pk).update(undo_until=NOW + MINUTE, undo_to=State.RECOMMENDED)
    assert published(NOW) == []
    assert len(published(NOW + MINUTE)) == 1


@pytest.mark.parametrize("says", ["no", None])
def test_a_later_round_without_consent_takes_it_away(says: str | None, family: Family) -> None:
    case = publish(family)
    says_now(case, says)
    assert published(NOW) == []


def test_a_later_application_without_consent_takes_it_away_for_this_family_only(family: Family) -> None:
    case = publish(family)
    other = make_open_family("other")
    make_application(case.applicant, other, State.SUBMITTED)
    assert len(published(NOW)) == 1
    make_application(case.applicant, family, State.WITHDRAWN)
    assert published(NOW) == []


def test_forgotten_answers_are_published_no_more(family: Family) -> None:
    forget_words(publish(family), NOW)
    assert published(NOW) == []


def test_the_newest_fifty_are_shown(family: Family) -> None:
    for n in range(52):
        publish(family, f"Project {n}.", name=f"u{n}")
    texts = [statement.text for statement in published(NOW)]
    assert (len(texts), texts[0], texts[-1]) == (50, "Project 51.", "Project 2.")


def test_its_writer_can_take_it_back_and_nobody_else(family: Family, client: Client) -> None:
    case = publish(family)
    address = f"/transparency/{case.number}/take-back/"
    client.force_login(make_user("cy"))
    assert client.post(address).status_code == 404
    client.force_login(case.applicant)
    assert client.get(address).status_code == 405
    assertContains(client.get("/transparency/"), f"Take back that of {case.number}")
    for _ in range(2):
        assertContains(client.post(address, follow=True), "Taken back.")
    assert published(NOW) == []


def test_one_page_for_all_strangers_may_be_kept_for_five_minutes(client: Client) -> None:
    for address in ("/transparency/", "/transparency.json"):
        response = client.get(address)
        assert response["Cache-Control"] == "public, max-age=300"
        assert not response.cookies


def test_the_page_of_a_person_is_kept_by_nobody(client: Client) -> None:
    client.force_login(make_user())
    response: Any = client.get("/transparency/")
    assert response["Cache-Control"] == "private, no-store"


def test_a_browser_with_any_cookie_gets_a_page_of_its_own(client: Client) -> None:
    client.cookies["csrftoken"] = "x" * 32
    assert "public" not in client.get("/transparency/").get("Cache-Control", "")


def test_nothing_is_changed_there(client: Client) -> None:
    assert client.post("/transparency/").status_code == 405
