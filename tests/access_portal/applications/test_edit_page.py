"""The page on which an application is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from access_portal.accounts.models import User
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.questionnaires.models import FormVersion
from tests.access_portal.applications.posting import filled_in
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n" + b"0" * 100


@pytest.fixture
def ada(client: Client) -> User:
    user = make_user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def draft(ada: User) -> Application:
    return commands.start_application(actor=ada, family=make_open_family(), now=timezone.now())


def test_the_form_has_its_sections_and_says_what_is_missing(draft: Application, client: Client) -> None:
    page = client.get(f"/applications/{draft.number}/edit/")
    for words in ("You and your institution", "The research", "What you need", "3 answers missing", "Ada Example"):
        assertContains(page, words)
    assertContains(page, f'name="version" value="{draft.version}"')


def test_an_only_size_is_ticked_from_the_beginning(draft: Application, client: Client) -> None:
    page = client.get(f"/applications/{draft.number}/edit/")
    assertContains(page, '<input type="checkbox" name="sizes" value="1m" id="id_sizes_0" checked>', html=True)


def test_saving_keeps_the_answers_and_says_so(draft: Application, client: Client) -> None:
    page = client.post(f"/applications/{draft.number}/edit/", filled_in(draft), follow=True)
    assertRedirects(page, f"/applications/{draft.number}/edit/")
    assertContains(page, "Saved. You can go on now or on another day")
    draft.refresh_from_db()
    assert {name: draft.answers[name] for name in ANSWERS} == ANSWERS


def test_the_other_button_saves_and_leads_to_the_sending(draft: Application, client: Client) -> None:
    answer = client.post(f"/applications/{draft.number}/edit/", filled_in(draft, then="send"))
    assertRedirects(answer, f"/applications/{draft.number}/send/")


def test_a_draft_may_be_unfinished(draft: Application, client: Client) -> None:
    answer = client.post(f"/applications/{draft.number}/edit/", {"version": draft.version, "purpose": "Not yet."})
    assertRedirects(answer, f"/applications/{draft.number}/edit/")
    draft.refresh_from_db()
    assert draft.answers["purpose"] == "Not yet."


def test_an_answer_that_was_emptied_is_gone(draft: Application, client: Client) -> None:
    client.post(f"/applications/{draft.number}/edit/", filled_in(draft))
    draft.refresh_from_db()
    changes = {"estimated_tokens": "", "needs_inference": None, "orcid": ""}
    client.post(f"/applications/{draft.number}/edit/", filled_in(draft, **changes))
    draft.refresh_from_db()
    assert not any(draft.answers[name] for name in changes)


def test_what_cannot_be_used_is_kept_and_said_beside_the_field(draft: Application, client: Client) -> None:
    page = client.post(f"/applications/{draft.number}/edit/", filled_in(draft, orcid="not an ORCID iD"))
    assertContains(page, '<a href="#id_orcid">', status_code=422)
    assertContains(page, 'value="not an ORCID iD"', status_code=422)
    again = client.get(f"/applications/{draft.number}/edit/")
    assertContains(again, 'value="not an ORCID iD"')
    assertContains(again, 'id="id_orcid_error"')


def test_five_megabytes_of_text_are_refused_and_change_nothing(draft: Application, client: Client) -> None:
    answer = client.post(f"/applications/{draft.number}/edit/", filled_in(draft, purpose="x" * 5_000_000))
    assert answer.status_code in (400, 413)
    draft.refresh_from_db()
    assert draft.answers == {}


def test_a_text_that_is_too_long_to_keep_stays_on_the_screen(draft: Application, client: Client) -> None:
    page = client.post(f"/applications/{draft.number}/edit/", filled_in(draft, purpose="word " * 10_000))
    assertContains(page, "word word word", status_code=422)
    draft.refresh_from_db()
    assert draft.answers["sharing"] == ANSWERS["sharing"]


def test_a_file_is_put_in_and_taken_out(draft: Application, client: Client) -> None:
    upload = SimpleUploadedFile("plan.pdf", PDF)
    client.post(f"/applications/{draft.number}/edit/", filled_in(draft, plan_file=upload))
    draft.refresh_from_db()
    assert draft.answers["plan_file"]["name"] == "plan.pdf"
    assert bytes(draft.attachments.get().content) == PDF
    assertContains(client.get(f"/applications/{draft.number}/edit/"), "<bdi>plan.pdf</bdi>")
    client.post(f"/applications/{draft.number}/edit/", {**filled_in(draft), "plan_file-clear": "on"})
    draft.refresh_from_db()
    assert "plan_file" not in draft.answers
    assert not draft.attachments.exists()


def test_a_file_stays_when_something_else_is_saved(draft: Application, client: Client) -> None:
    client.post(f"/applications/{draft.number}/edit/", filled_in(draft, plan_file=SimpleUploadedFile("a.pdf", PDF)))
    draft.refresh_from_db()
    client.post(f"/applications/{draft.number}/edit/", filled_in(draft, sharing="Nothing is shared."))
    draft.refresh_from_db()
    assert draft.answers["plan_file"]["name"] == "a.pdf"


def test_a_file_that_lies_is_not_taken_and_the_words_are_kept(draft: Application, client: Client) -> None:
    liar = SimpleUploadedFile("plan.pdf", b"<html><script>alert(1)</script>", content_type="application/pdf")
    page = client.post(f"/applications/{draft.number}/edit/", filled_in(draft, plan_file=liar))
    assertContains(page, "its content is not PDF", status_code=422)
    draft.refresh_from_db()
    assert "plan_file" not in draft.answers
    assert draft.answers["sharing"] == ANSWERS["sharing"]
    assert not draft.attachments.exists()


def test_a_second_tab_does_not_overwrite_the_first(draft: Application, client: Client) -> None:
    stale = filled_in(draft, sharing="Typed in the second tab.")
    client.post(f"/applications/{draft.number}/edit/", filled_in(draft, sharing="Saved in the first tab."))
    page = client.post(f"/applications/{draft.number}/edit/", stale)
    for words in ("Something else was saved meanwhile", "Saved in the first tab.", "Typed in the second tab."):
        assertContains(page, words, status_code=409)
    draft.refresh_from_db()
    assert draft.answers["sharing"] == "Saved in the first tab."
    client.post(f"/applications/{draft.number}/edit/", {**stale, "version": draft.version})
    draft.refresh_from_db()
    assert draft.answers["sharing"] == "Typed in the second tab."


def test_pressing_save_twice_is_no_conflict(draft: Application, client: Client) -> None:
    posted = filled_in(draft)
    client.post(f"/applications/{draft.number}/edit/", posted)
    assertRedirects(client.post(f"/applications/{draft.number}/edit/", posted), f"/applications/{draft.number}/edit/")


@pytest.mark.parametrize("version", ["", "-1", "x", "9" * 40, "1.5", "²"])
def test_a_version_that_is_none_is_an_old_one(version: str, draft: Application, client: Client) -> None:
    page = client.post(f"/applications/{draft.number}/edit/", {**filled_in(draft), "version": version})
    assert page.status_code == 409
    draft.refresh_from_db()
    assert draft.answers == {}


@pytest.mark.parametrize("state", [s for s in State if s not in (State.DRAFT, State.INFO_REQUESTED)])
def test_whoever_comes_back_after_sending_is_led_to_where_it_stands(state: State, ada: User, client: Client) -> None:
    case = make_application(ada, make_open_family(), state)
    for answer in (
        client.get(f"/applications/{case.number}/edit/"),
        client.post(f"/applications/{case.number}/edit/", filled_in(case, sharing="Changed after sending.")),
    ):
        assertRedirects(answer, f"/applications/{case.number}/")
    case.refresh_from_db()
    assert case.answers == ANSWERS


def test_other_peoples_drafts_are_not_found(client: Client) -> None:
    case = make_application(make_user("cy"), make_open_family(), State.DRAFT)
    client.force_login(make_user("ada"))
    for path in ("", "edit/", "draft/", "send/", "withdraw/", "appeal/"):
        assert client.get(f"/applications/{case.number}/{path}").status_code == 404
    for path in ("edit/", "draft/", "send/", "withdraw/", "appeal/", "messages/"):
        assert client.post(f"/applications/{case.number}/{path}", {"text": "x"}).status_code == 404


def test_a_draft_keeps_its_form_when_a_newer_one_is_published(draft: Application, client: Client) -> None:
    house = FormVersion.objects.get(family=None)
    FormVersion.objects.create(number=2, definition=house.definition, sha256="1" * 64)
    page = client.get(f"/applications/{draft.number}/edit/")
    assertContains(page, "keeps the questions that it began with")
    client.post(f"/applications/{draft.number}/edit/", filled_in(draft))
    draft.refresh_from_db()
    assert draft.form == house


def test_hostile_words_are_shown_as_words(draft: Application, client: Client) -> None:
    User.objects.update(full_name="<img src=x onerror=alert(1)>")
    posted = filled_in(draft, institution='"><script>alert(1)</script>', purpose="</textarea><script>alert(2)</script>")
    client.post(f"/applications/{draft.number}/edit/", posted)
    for path in ("edit/", "send/", ""):
        page = client.get(f"/applications/{draft.number}/{path}")
        assertNotContains(page, "<script>alert")
        assertNotContains(page, "<img src=x")


def test_a_form_from_another_site_is_refused(draft: Application) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(draft.applicant)
    for path in ("edit/", "draft/", "send/", "withdraw/"):
        assert client.post(f"/applications/{draft.number}/{path}", filled_in(draft)).status_code == 403
    draft.refresh_from_db()
    assert (draft.answers, draft.state) == ({}, State.DRAFT)


# A returned application


@pytest.fixture
def returned(ada: User) -> Application:
    case = make_application(ada, make_open_family(), State.INFO_REQUESTED)
    case.due_at = timezone.now() + timedelta(days=9)
    case.save()
    return case


def test_only_what_was_asked_about_is_open(returned: Application, client: Client) -> None:
    page = client.get(f"/applications/{returned.number}/edit/")
    asked = returned.info_requests.get()
    assertContains(page, "What will you measure, and how?")
    assertContains(page, 'name="purpose"')
    assertContains(page, f'name="reply_{asked.pk}"')
    assertNotContains(page, 'name="institution"')
    assertContains(page, "<bdi>Example University</bdi>")


def test_a_change_elsewhere_is_not_taken(returned: Application, client: Client) -> None:
    posted = filled_in(returned, institution="Another University", purpose="We measure this. " * 10)
    client.post(f"/applications/{returned.number}/edit/", posted)
    returned.refresh_from_db()
    assert returned.answers["institution"] == "Example University"
    assert returned.answers["purpose"].startswith("We measure this.")


def test_a_reply_is_kept_and_stays_unsent(returned: Application, client: Client) -> None:
    asked = returned.info_requests.get()
    client.post(f"/applications/{returned.number}/edit/", {**filled_in(returned), f"reply_{asked.pk}": "Agreement."})
    asked.refresh_from_db()
    assert (asked.reply, asked.settled_at) == ("Agreement.", None)
    assertContains(client.get(f"/applications/{returned.number}/edit/"), "Agreement.</textarea>")


def test_a_reply_from_an_old_page_is_shown_beside_the_newer_one(returned: Application, client: Client) -> None:
    asked = returned.info_requests.get()
    stale = {**filled_in(returned), f"reply_{asked.pk}": "From the old page."}
    client.post(f"/applications/{returned.number}/edit/", {**stale, f"reply_{asked.pk}": "The newer one."})
    page = client.post(f"/applications/{returned.number}/edit/", stale)
    for words in ("From the old page.", "The newer one."):
        assertContains(page, words, status_code=409)


def test_a_question_that_can_still_be_taken_back_is_not_shown(returned: Application, client: Client) -> None:
    returned.undo_until, returned.undo_to = timezone.now() + timedelta(minutes=1), State.IN_REVIEW
    returned.save()
    answer = client.get(f"/applications/{returned.number}/edit/", follow=True)
    assertRedirects(answer, f"/applications/{returned.number}/")
    assertNotContains(answer, "What will you measure")
    assertContains(answer, "In review")
