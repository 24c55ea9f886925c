"""Beginning, writing, sending, answering and withdrawing an application. Also run against mutants."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from types import ModuleType

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, Conflict, Decision, ReviewPolicy, Round, State
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError, InvalidError
from access_portal.licences.models import LicenceAcceptance
from access_portal.outbox.models import OutboxMail
from access_portal.questionnaires.commands import publish_form
from access_portal.questionnaires.files import Checked
from access_portal.questionnaires.house import house_definition
from release.models import Family
from tests.access_portal.applications.breakage import no_mail_can_be_queued
from tests.access_portal.applications.scenes import (
    ANSWERS,
    DAY,
    NOW,
    REFUSAL,
    current_licence,
    draft,
    make_application,
    make_open_family,
    replace_licence,
    submit,
)
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
PLAN = Checked("plan.pdf", "application/pdf", 5, hashlib.sha256(b"%PDF-").hexdigest(), b"%PDF-")


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def toy() -> Family:
    return make_open_family()


def refused(call: object, **arguments: object) -> GatehouseError:
    with pytest.raises(GatehouseError) as caught, transaction.atomic():
        call(**arguments)  # type: ignore[operator]
    return caught.value


def test_a_draft_has_a_number_and_is_nobody_elses_business(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = commands.start_application(actor=ada, family=toy, now=NOW)
    assert re.fullmatch(r"GH-2026-\d{5}", begun.number)
    assert (begun.state, begun.rounds, begun.submitted_at, begun.due_at) == (State.DRAFT, 0, None, NOW + 90 * DAY)
    assert not OutboxMail.objects.exists()
    assert Event.objects.get(subject=begun.subject).name == "application_started"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.DRAFT, "already_open"), (State.SUBMITTED, "already_open"), (State.APPEALED, "already_open"),
        (State.WITHDRAWN, "ok"), (State.EXPIRED, "ok"), (State.REFUSED_FIXABLE, "ok"),
        (State.REFUSED_FINAL, "refused_for_good"),
    ],
)  # fmt: skip
def test_who_may_begin_another(commands: ModuleType, ada: User, toy: Family, state: State, code: str) -> None:
    make_application(ada, toy, state)
    if code == "ok":
        assert commands.start_application(actor=ada, family=toy, now=NOW).state == State.DRAFT
    else:
        assert refused(commands.start_application, actor=ada, family=toy, now=NOW).code == code


def test_nobody_begins_without_account_address_or_an_open_family(commands: ModuleType, toy: Family) -> None:
    begin = commands.start_application
    assert refused(begin, actor=AnonymousUser(), family=toy, now=NOW).code == "not_signed_in"
    dee = make_user("dee", verified=False)
    assert refused(begin, actor=dee, family=toy, now=NOW).code == "email_not_verified"
    toy.accepts_applications = False
    assert refused(begin, actor=make_user("ada"), family=toy, now=NOW).code == "applications_closed"


def test_who_holds_a_grant_does_not_begin(commands: ModuleType, ada: User, toy: Family) -> None:
    make_grant(ada, toy, now=NOW)
    assert refused(commands.start_application, actor=ada, family=toy, now=NOW).code == "already_granted"


def test_a_grant_that_is_over_stands_in_nobodys_way(commands: ModuleType, ada: User, toy: Family) -> None:
    make_grant(ada, toy, now=NOW - 400 * DAY)  # past its end, though the clock has not been
    assert commands.start_application(actor=ada, family=toy, now=NOW).number


def test_a_day_to_try_again_shortens_no_cooling_off(commands: ModuleType, ada: User, toy: Family) -> None:
    ReviewPolicy.objects.create(family=toy, cool_off_days=7)
    case, dan = make_application(ada, toy, State.RECOMMENDED), make_user("dan", Role.DECIDER)
    refusal = {**REFUSAL, "retry_from": (NOW + DAY).date()}
    commands.refuse_fixable(actor=dan, number=case.number, version=case.version, now=NOW, **refusal)
    begin = {"actor": ada, "family": toy}
    assert refused(commands.start_application, **begin, now=NOW + 6 * DAY).code == "cooling_off"
    assert commands.start_application(**begin, now=NOW + 7 * DAY).number


def test_a_final_refusal_that_was_set_aside_stands_in_nobodys_way(commands: ModuleType, ada: User, toy: Family) -> None:
    case, dan = make_application(ada, toy, State.APPEALED), make_user("dan", Role.DECIDER)
    told = {"number": case.number, "version": case.version, "now": NOW}
    commands.decide_appeal(actor=dan, **told, upheld=True, ground="It was wrong, as the appeal says.")
    commands.withdraw(actor=ada, number=case.number, now=NOW)
    assert commands.start_application(actor=ada, family=toy, now=NOW).number


def test_time_to_cool_off_is_kept(commands: ModuleType, ada: User, toy: Family) -> None:
    ReviewPolicy.objects.create(family=toy, cool_off_days=7)
    old = make_application(ada, toy, State.REFUSED_FIXABLE)
    assert old.decision is not None
    begin = {"actor": ada, "family": toy}
    assert refused(commands.start_application, **begin, now=NOW).code == "cooling_off"
    assert commands.start_application(**begin, now=old.decision.at + 7 * DAY).state == State.DRAFT


def test_a_refusal_may_name_the_day_to_try_again(commands: ModuleType, ada: User, toy: Family) -> None:
    old = make_application(ada, toy, State.REFUSED_FIXABLE)
    later = Decision.objects.create(
        application=old, applicant=ada, round=1, verdict="refuse_fixable", code="other", text="No.",
        what_to_change="All.", retry_from=date(2026, 4, 1), by=make_user("dan", Role.DECIDER), at=NOW,
    )  # fmt: skip
    Application.objects.filter(pk=old.pk).update(decision=later)
    problem = refused(commands.start_application, actor=ada, family=toy, now=NOW + 29 * DAY)
    assert (problem.code, "April 1, 2026" in problem.explanation) == ("cooling_off", True)
    assert commands.start_application(actor=ada, family=toy, now=NOW + 30 * DAY).number


def test_applying_again_takes_the_answers_along_but_no_files(commands: ModuleType, ada: User, toy: Family) -> None:
    answers = {**ANSWERS, "plan_file": PLAN.as_answer(), "gone": "x"}
    old = make_application(ada, toy, State.WITHDRAWN, answers=answers)
    new = commands.start_application(actor=ada, family=toy, previous=old.number, now=NOW)
    assert (new.previous, new.answers) == (old, ANSWERS)


def test_a_draft_keeps_what_was_typed(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = draft(ada, toy, {"institution": "Example University"})
    saved = commands.save_draft(
        actor=ada, number=begun.number, version=begun.version, answers={"purpose": "To fi"}, now=NOW + DAY
    )
    assert saved.answers == {"institution": "Example University", "purpose": "To fi"}
    assert (saved.version, saved.saved_at, saved.due_at) == (begun.version + 1, NOW + DAY, NOW + 91 * DAY)


def test_two_tabs_do_not_overwrite_each_other(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = draft(ada, toy)
    told = {"actor": ada, "number": begun.number, "version": begun.version, "now": NOW}
    commands.save_draft(**told, answers={"country": "Chile"})
    assert refused(commands.save_draft, **told, answers={"country": "Peru"}).code == "stale_version"
    begun.refresh_from_db()
    assert begun.answers["country"] == "Chile"


def test_sending_freezes_answers_and_licence(commands: ModuleType, ada: User, toy: Family) -> None:
    sent = submit(ada, toy, commands)
    kept = Round.objects.get(application=sent)
    assert (kept.number, kept.answers, kept.sent_at, kept.form) == (1, sent.answers, NOW, sent.form)
    assert {name: value for name, value in kept.answers.items() if value != ""} == ANSWERS
    assert kept.acceptance.sha256 == current_licence(toy)["shown_sha256"]
    assert (sent.state, sent.submitted_at, sent.due_at) == (State.SUBMITTED, NOW, NOW + 10 * DAY)
    for change in ({"answers": {"purpose": "Another"}}, {"applicant": make_user("cy")}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Application.objects.filter(pk=sent.pk).update(**change)
    for rewritten in ({"answers": {"purpose": "Another"}}, {"number": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Round.objects.filter(pk=kept.pk).update(**rewritten)


def test_the_receipt_gives_number_and_a_link_that_only_its_hash_is_kept_of(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    sent = submit(ada, toy, commands)
    mail = OutboxMail.objects.get(about=sent.subject)
    assert (mail.user, str(sent.number) in mail.subject) == (ada, True)
    found = re.search(rf"/status/{sent.number}/([\w-]+)/", mail.body)
    assert found is not None
    assert hashlib.sha256(found.group(1).encode()).hexdigest() == sent.status_digest


@pytest.mark.parametrize("name", ["institution", "purpose", "sizes", "human_data"])
def test_nothing_unfinished_is_sent(commands: ModuleType, ada: User, toy: Family, name: str) -> None:
    begun = draft(ada, toy, {k: v for k, v in ANSWERS.items() if k != name})
    told = {"actor": ada, "number": begun.number, "version": begun.version, "now": NOW, **current_licence(toy)}
    problem = refused(commands.submit_application, **told)
    assert isinstance(problem, InvalidError)
    assert (problem.code, problem.field) == ("answers_incomplete", name)
    assert not LicenceAcceptance.objects.exists()


def test_a_licence_changed_between_reading_and_sending_stops_it(commands: ModuleType, ada: User, toy: Family) -> None:
    begun, shown = draft(ada, toy), current_licence(toy)
    told = {"actor": ada, "number": begun.number, "version": begun.version, "now": NOW}
    replace_licence(toy)
    assert refused(commands.submit_application, **told, **shown).code == "licence_changed"
    altered = {**current_licence(toy), "shown_sha256": "0" * 64}
    assert refused(commands.submit_application, **told, **altered).code == "licence_changed"
    begun.refresh_from_db()
    assert (begun.state, LicenceAcceptance.objects.count()) == (State.DRAFT, 0)


def test_who_got_a_grant_while_writing_does_not_send(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = draft(ada, toy)
    make_grant(ada, toy, now=NOW)
    told = {"actor": ada, "number": begun.number, "version": begun.version, "now": NOW, **current_licence(toy)}
    assert refused(commands.submit_application, **told).code == "already_granted"


def test_a_form_published_meanwhile_leaves_the_draft_on_its_own(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = draft(ada, toy)
    definition = house_definition()
    definition["sections"][0]["questions"][0]["label"] = {"en": "Where do you work?"}
    publish_form(family=None, definition=definition, actor=None, now=NOW)
    told = {"actor": ada, "number": begun.number, "version": begun.version, "now": NOW, **current_licence(toy)}
    sent = commands.submit_application(**told)
    assert (sent.form, sent.sent_rounds.get().form) == (begun.form, begun.form)


def test_nothing_is_sent_when_the_receipt_cannot_be_queued(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = draft(ada, toy)
    told = {"actor": ada, "number": begun.number, "version": begun.version, "now": NOW, **current_licence(toy)}
    with no_mail_can_be_queued():
        commands.submit_application(**told)
    begun.refresh_from_db()
    assert (begun.state, begun.sent_rounds.count(), LicenceAcceptance.objects.count()) == (State.DRAFT, 0, 0)


def test_a_returned_application_opens_what_was_asked_about_and_no_more(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)
    told = {"actor": ada, "number": case.number, "version": case.version, "now": NOW}
    saved = commands.save_draft(**told, answers={"purpose": "A better purpose.", "country": "Peru"})
    assert (saved.answers["purpose"], saved.answers["country"]) == ("A better purpose.", "Malaysia")


def test_an_answered_case_comes_back_as_a_new_round(commands: ModuleType, ada: User, toy: Family) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)
    better = ANSWERS["purpose"] + " We measure agreement by layer."
    told = {"actor": ada, "number": case.number, "now": NOW}
    saved = commands.save_draft(**told, version=case.version, answers={"purpose": better})
    back = commands.resubmit(**told, version=saved.version, replies={}, **current_licence(toy))
    assert (back.state, back.rounds, back.due_at) == (State.REVISED, 2, NOW + 10 * DAY)
    assert [kept.answers["purpose"] for kept in back.sent_rounds.all()] == [ANSWERS["purpose"], better]
    assert back.info_requests.get().settled_at == NOW
    assert {mail.template for mail in OutboxMail.objects.filter(about=case.subject)} == {
        "application_resubmitted", "application_answered",
    }  # fmt: skip


@pytest.mark.parametrize(("reply", "code"), [("", "request_unanswered"), ("It stays: the board has seen it.", "ok")])
def test_every_request_is_met_by_a_change_or_a_reply(
    commands: ModuleType, ada: User, toy: Family, reply: str, code: str
) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)
    told = {"actor": ada, "number": case.number, "version": case.version, "now": NOW, **current_licence(toy)}
    replies = {case.info_requests.get().pk: reply}
    if code == "ok":
        assert commands.resubmit(**told, replies=replies).info_requests.get().reply == reply
    else:
        assert refused(commands.resubmit, **told, replies=replies).code == code


def test_a_file_takes_the_place_of_an_unsent_one_and_leaves_a_sent_one(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    begun = draft(ada, toy)
    told = {"actor": ada, "number": begun.number, "question": "plan_file", "now": NOW}
    one = commands.attach(**told, version=begun.version, checked=PLAN)
    assert (one.answers["plan_file"]["name"], one.attachments.count()) == ("plan.pdf", 1)
    two = commands.attach(**told, version=one.version, checked=PLAN)
    assert two.attachments.count() == 1
    none = commands.detach(**told, version=two.version)
    assert ("plan_file" in none.answers, none.attachments.count()) == (False, 0)


def test_withdrawing_ends_claim_and_hold(commands: ModuleType, ada: User, toy: Family) -> None:
    case = make_application(ada, toy, State.IN_REVIEW, hold_ground="A hit.", hold_recheck_at=NOW + DAY)
    gone = commands.withdraw(actor=ada, number=case.number, now=NOW)
    assert (gone.state, gone.claimed_by, gone.hold_ground, gone.due_at) == (State.WITHDRAWN, None, "", None)
    assert OutboxMail.objects.get(about=case.subject).template == "application_withdrawn"


def test_a_draft_is_thrown_away_without_a_mail(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = draft(ada, toy)
    assert commands.withdraw(actor=ada, number=begun.number, now=NOW).state == State.WITHDRAWN
    assert not OutboxMail.objects.exists()


def test_nobody_reads_the_case_of_their_own_lab(commands: ModuleType, ada: User, toy: Family) -> None:
    """The supervisor who is named, a declared conflict with the case, the person or the domain: all stand too near."""
    sam = make_user("sam", Role.REVIEWER)
    case = make_application(ada, toy, answers={**ANSWERS, "supervisor_email": sam.email.upper()})
    told = {"number": case.number, "version": case.version, "now": NOW}
    assert refused(commands.claim, actor=sam, **told).code == "conflict_of_interest"
    for name, about in (("p", {"applicant": ada}), ("c", {"application": case}), ("d", {"domain": "uni.example"})):
        near = make_user(name * 3, Role.REVIEWER)
        Conflict.objects.create(user=near, declared_at=NOW, **about)
        assert refused(commands.claim, actor=near, **told).code == "conflict_of_interest"
        Conflict.objects.filter(user=near).update(ended_at=NOW)
    assert commands.claim(actor=near, **told).claimed_by == near
