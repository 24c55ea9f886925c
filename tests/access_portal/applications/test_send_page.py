"""Looking an application over, the licence, and the button that sends it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from access_portal.accounts.models import User
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.licences.models import LicenceAcceptance
from access_portal.outbox.models import OutboxMail
from release.models import Family
from tests.access_portal.applications import scenes
from tests.access_portal.applications.posting import sending
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family, replace_licence
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


@pytest.fixture
def draft(ada: User, family: Family) -> Application:
    return scenes.draft(ada, family, now=timezone.now())


@pytest.fixture
def returned(ada: User, family: Family) -> Application:
    return make_application(ada, family, State.INFO_REQUESTED, due_at=timezone.now())


def test_all_answers_are_shown_once_more(draft: Application, client: Client) -> None:
    page = client.get(f"/applications/{draft.number}/send/")
    for words in ("Example University", "A paper and the code, both open.", "250,000", "Go on to the licence"):
        assertContains(page, words)


def test_what_is_missing_leads_to_its_field(ada: User, family: Family, client: Client) -> None:
    draft = scenes.draft(ada, family, {**ANSWERS, "purpose": "Short.", "position": ""}, now=timezone.now())
    page = client.get(f"/applications/{draft.number}/send/")
    assertContains(page, f'href="/applications/{draft.number}/edit/#id_purpose"')
    assertContains(page, f'href="/applications/{draft.number}/edit/#id_position"')
    assertNotContains(page, "Go on to the licence")
    assertContains(client.get(f"/applications/{draft.number}/send/?step=licence"), "What is still missing")


def test_an_unfinished_draft_is_not_sent(ada: User, family: Family, client: Client) -> None:
    draft = scenes.draft(ada, family, {**ANSWERS, "purpose": "Short."}, now=timezone.now())
    answer = client.post(f"/applications/{draft.number}/send/", sending(draft))
    assertContains(answer, "What is still missing", status_code=422)
    draft.refresh_from_db()
    assert (draft.state, LicenceAcceptance.objects.count()) == (State.DRAFT, 0)


def test_the_licence_is_shown_in_full_with_its_hash_apart_from_that_of_the_code(
    draft: Application, family: Family, client: Client
) -> None:
    page = client.get(f"/applications/{draft.number}/send/?step=licence")
    version = family.weights_licence.versions.get()
    assertContains(page, f'name="licence_sha256" value="{version.sha256}"')
    assertContains(page, "<p>Be good.</p>", html=True)
    for words in (version.sha256, "Licence of the weights", "Not the licence of the code", "Apache-2.0", "data-print"):
        assertContains(page, words)


def test_a_licence_cannot_bring_markup_of_its_own(draft: Application, family: Family, client: Client) -> None:
    replace_licence(family, text="Be <script>alert(1)</script> [good](javascript:alert(1)).")
    page = client.get(f"/applications/{draft.number}/send/?step=licence")
    assertNotContains(page, "<script>alert")
    assertNotContains(page, 'href="javascript:')


def test_sending_leads_to_the_number_and_a_receipt(draft: Application, client: Client) -> None:
    page = client.post(f"/applications/{draft.number}/send/", sending(draft), follow=True)
    assertRedirects(page, f"/applications/{draft.number}/")
    assertContains(page, "Thank you. We have your application")
    draft.refresh_from_db()
    sent = draft.sent_rounds.get().answers
    assert (draft.state, {name: sent[name] for name in ANSWERS}) == (State.SUBMITTED, ANSWERS)
    assert OutboxMail.objects.get().template == "application_receipt"


def test_without_the_tick_nothing_is_sent(draft: Application, client: Client) -> None:
    page = client.post(f"/applications/{draft.number}/send/", sending(draft, agree=""))
    assertContains(page, "Tick this box if you agree", status_code=422)
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_a_double_click_sends_once(draft: Application, client: Client) -> None:
    posted = sending(draft)
    for _ in range(2):
        answer = client.post(f"/applications/{draft.number}/send/", posted)
        assertRedirects(answer, f"/applications/{draft.number}/")
    assert (draft.sent_rounds.count(), OutboxMail.objects.count()) == (1, 1)


def test_the_back_button_after_sending_leads_to_where_it_stands(draft: Application, client: Client) -> None:
    client.post(f"/applications/{draft.number}/send/", sending(draft))
    for path in ("edit/", "send/", "send/?step=licence"):
        assertRedirects(client.get(f"/applications/{draft.number}/{path}"), f"/applications/{draft.number}/")


def test_what_another_tab_changed_is_looked_over_again_first(draft: Application, client: Client) -> None:
    posted = sending(draft)
    changed = {**ANSWERS, "sharing": "Changed in another tab."}
    commands.save_draft(
        actor=draft.applicant, number=str(draft.number), version=draft.version, answers=changed, now=timezone.now()
    )
    page = client.post(f"/applications/{draft.number}/send/", posted)
    assertContains(page, "was changed in another tab", status_code=409)
    assertContains(page, "Changed in another tab.", status_code=409)
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_a_licence_that_was_replaced_meanwhile_is_shown_with_what_changed(
    draft: Application, family: Family, client: Client
) -> None:
    posted = sending(draft)
    new = replace_licence(family)
    page = client.post(f"/applications/{draft.number}/send/", posted)
    assertContains(page, "The licence was changed while you were reading it", status_code=409)
    assertContains(page, f'name="licence_sha256" value="{new.sha256}"', status_code=409)
    assertContains(page, "What is different from the text that you had read", status_code=409)
    assert not LicenceAcceptance.objects.exists()
    client.post(f"/applications/{draft.number}/send/", sending(draft))
    assert Application.objects.get(acceptance__version=new).state == State.SUBMITTED


@pytest.mark.parametrize("field", ["version", "licence_version", "licence_sha256"])
@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30])
def test_a_tampered_form_sends_nothing(field: str, value: str, draft: Application, client: Client) -> None:
    answer = client.post(f"/applications/{draft.number}/send/", {**sending(draft), field: value})
    assert answer.status_code == 409
    assert not LicenceAcceptance.objects.exists()


def test_signed_out_on_the_way_nothing_is_sent(draft: Application, client: Client) -> None:
    client.logout()
    answer = client.post(f"/applications/{draft.number}/send/", sending(draft))
    assert answer.headers["Location"].startswith("/account/login/?next=")
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_a_family_that_closed_meanwhile_says_so(draft: Application, family: Family, client: Client) -> None:
    family.accepts_applications = False
    family.save()
    answer = client.post(f"/applications/{draft.number}/send/", sending(draft))
    assertContains(answer, "applications_closed", status_code=409)


# A returned application


def answer(case: Application, **changes: str) -> Application:
    return commands.save_draft(
        actor=case.applicant, number=str(case.number), version=case.version, now=timezone.now(),
        answers={name: value for name, value in changes.items() if name != "reply"},
        replies={case.info_requests.get().pk: changes.get("reply", "")},
    )  # fmt: skip


def test_an_unanswered_request_is_still_missing(returned: Application, client: Client) -> None:
    page = client.get(f"/applications/{returned.number}/send/")
    asked = returned.info_requests.get()
    assertContains(page, f'href="/applications/{returned.number}/edit/#reply_{asked.pk}"')
    assertNotContains(page, "Send the answer")
    assert client.post(f"/applications/{returned.number}/send/", sending(returned)).status_code == 422


def test_the_difference_to_what_was_sent_is_shown_before_sending_again(returned: Application, client: Client) -> None:
    answer(returned, purpose=ANSWERS["purpose"] + " We measure agreement.")
    page = client.get(f"/applications/{returned.number}/send/")
    assertContains(page, "What you changed since you sent it last")
    assertContains(page, "<ins>")
    assertContains(page, "Send the answer")


def test_a_reply_alone_is_enough_and_the_same_licence_is_not_read_twice(returned: Application, client: Client) -> None:
    saved = answer(returned, reply="It is said in the last sentence.")
    page = client.get(f"/applications/{returned.number}/send/")
    assertContains(page, "the text has not changed since")
    done = client.post(f"/applications/{returned.number}/send/", sending(saved), follow=True)
    assertContains(done, "We have your answer")
    returned.refresh_from_db()
    assert (returned.state, returned.rounds) == (State.REVISED, 2)
    assert returned.info_requests.get().reply == "It is said in the last sentence."


def test_a_new_licence_is_accepted_before_an_answer_is_sent(
    returned: Application, family: Family, client: Client
) -> None:
    saved = answer(returned, reply="It is said in the last sentence.")
    replace_licence(family)
    page = client.get(f"/applications/{returned.number}/send/")
    assertContains(page, "Go on to the licence")
    assertNotContains(page, "Send the answer")
    client.post(f"/applications/{returned.number}/send/", sending(saved))
    returned.refresh_from_db()
    assert returned.state == State.REVISED
