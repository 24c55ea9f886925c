"""Approving, refusing, sending back, undoing and appeals. Also run against mutants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from access_portal.accounts.models import ApiToken, Role, User
from access_portal.applications.models import Application, Decision, ReviewPolicy, State
from access_portal.applications.terms import Terms
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Granted, Office, decide
from access_portal.grants.queries import grants_of, rights_of
from access_portal.outbox.commands import deliver_due
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.breakage import no_mail_can_be_queued
from tests.access_portal.applications.scenes import (
    CHECKED,
    DAY,
    FINAL,
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
    replace_licence,
)
from tests.factories import make_grant, make_user, make_variant

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def dan() -> User:
    return make_user("dan", Role.DECIDER)


@pytest.fixture
def case() -> Application:
    return make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)


def told(case: Application, actor: User, now: datetime = NOW) -> dict[str, Any]:
    fresh = Application.objects.get(pk=case.pk)
    return {"actor": actor, "number": case.number, "version": fresh.version, "now": now}


def code_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(GatehouseError) as caught, transaction.atomic():
        call(**arguments)
    return caught.value.code


def test_an_approval_makes_the_grant_that_was_decided(commands: ModuleType, dan: User, case: Application) -> None:
    grant = commands.approve(**told(case, dan), terms=TERMS)
    kept = Grant.objects.get(application=case)
    assert case.acceptance is not None
    assert (kept.number, kept.holder, kept.family_id) == (grant.number, case.applicant, case.family_id)
    assert (kept.starts_at, kept.ends_at) == (NOW + MINUTE, datetime(2026, 9, 2, 12, tzinfo=UTC))
    assert (kept.token_quota, kept.may_download, kept.may_infer, kept.kind) == (250_000, True, True, "person")
    assert ([variant.slug for variant in kept.variants.all()], kept.whole_family) == (["1m"], False)
    assert (kept.reason, kept.given_by, kept.licence_version) == ("Sound work.", dan, case.acceptance.version)


def test_an_approval_names_decider_time_and_reason(commands: ModuleType, dan: User, case: Application) -> None:
    grant = commands.approve(**told(case, dan), terms=TERMS)
    case.refresh_from_db()
    decision = case.decision
    assert decision is not None
    assert (case.state, case.due_at, decision.by, decision.at) == (State.APPROVED, None, dan, NOW)
    assert (decision.verdict, decision.text, decision.round) == ("approve", "Sound work.", 1)
    event = Event.objects.get(subject=case.subject)
    assert (event.name, event.actor) == ("application_approved", dan)
    assert event.data == {"state": "approved", "version": 2, "grant": grant.number, "months": 6}


def test_a_lab_and_a_whole_family_can_be_granted(commands: ModuleType, dan: User, case: Application) -> None:
    terms = Terms(12, 10, True, True, (), "Sound.", whole_family=True, lab_name="Syntax Lab")
    grant = commands.approve(**told(case, dan), terms=terms)
    assert (grant.kind, grant.lab_name, grant.whole_family, grant.variants.count()) == ("lab", "Syntax Lab", True, 0)


def test_a_size_of_another_family_cannot_be_granted(commands: ModuleType, dan: User, case: Application) -> None:
    make_variant(make_open_family("quill"), "9b")
    terms = Terms(12, 10, True, True, ("9b",), "Sound.")
    assert code_of(commands.approve, **told(case, dan), terms=terms) == "unknown_size"
    assert not Grant.objects.exists()


def test_without_inference_there_is_no_quota(commands: ModuleType, dan: User, case: Application) -> None:
    terms = Terms(12, 10, True, False, ("1m",), "Sound.")
    assert commands.approve(**told(case, dan), terms=terms).token_quota == 0


def test_the_mail_gives_terms_and_next_step_but_no_secret(commands: ModuleType, dan: User, case: Application) -> None:
    grant = commands.approve(**told(case, dan), terms=TERMS)
    mail = OutboxMail.objects.get(about=case.subject)
    assert (mail.user, str(case.number) in mail.subject, mail.not_before) == (case.applicant, True, NOW + MINUTE)
    for words in (grant.number, "250,000 tokens", "1M", "Sound work.", "Sept. 2, 2026"):
        assert words in mail.body
    assert not any(word in mail.body for word in ("gh_", "X-Amz", "Signature"))
    assert not ApiToken.objects.exists()


def test_nothing_is_decided_when_the_mail_cannot_be_queued(commands: ModuleType, dan: User, case: Application) -> None:
    with no_mail_can_be_queued():
        commands.approve(**told(case, dan), terms=TERMS)
    case.refresh_from_db()
    assert (case.state, case.version, case.decision) == (State.RECOMMENDED, 1, None)
    assert not Grant.objects.exists()
    assert not Event.objects.exists()
    assert not Decision.objects.exists()


def test_who_got_a_grant_meanwhile_gets_no_second(commands: ModuleType, dan: User, case: Application) -> None:
    make_grant(case.applicant, case.family, now=NOW)
    assert code_of(commands.approve, **told(case, dan), terms=TERMS) == "grant_exists"


def test_whoever_decides_alone_ticks_the_checklist(commands: ModuleType) -> None:
    holder = make_user("holder", Role.DECIDER)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=holder)
    assert code_of(commands.approve, **told(case, holder), terms=TERMS, checked=CHECKED[1:]) == "checklist_open"
    assert commands.approve(**told(case, holder), terms=TERMS, checked=CHECKED).number
    case.refresh_from_db()
    assert (case.claimed_by, case.claimed_at) == (None, None)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"eyes": "two"}, "ok"),
        ({"eyes": "four"}, "four_eyes"),
        ({"eyes": "some", "four_eyes_sizes": ["1m"]}, "four_eyes"),
        ({"eyes": "some", "four_eyes_positions": ["faculty"]}, "four_eyes"),
        ({"eyes": "some", "four_eyes_sizes": ["9b"], "four_eyes_positions": ["industry"]}, "ok"),
    ],
)
def test_four_eyes_where_the_family_asks(commands: ModuleType, policy: dict[str, Any], code: str) -> None:
    both, family = make_user("both", Role.REVIEWER, Role.DECIDER), make_open_family()
    ReviewPolicy.objects.create(family=family, **policy)
    case = make_application(make_user("ada"), family, State.RECOMMENDED, holder=both)
    if code == "ok":
        assert commands.approve(**told(case, both), terms=TERMS).given_by == both
    else:
        assert code_of(commands.approve, **told(case, both), terms=TERMS) == code


def test_a_reviewer_in_doubt_gets_a_second_pair_of_eyes(commands: ModuleType, dan: User) -> None:
    both = make_user("both", Role.REVIEWER, Role.DECIDER)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=both)
    words = {"verdict": "approve", "text": "I am not sure.", "checked": CHECKED}
    commands.recommend(**told(case, both), **words, doubt=True)
    assert code_of(commands.approve, **told(case, both), terms=TERMS) == "four_eyes"
    assert commands.approve(**told(case, dan), terms=TERMS).given_by == dan


def test_a_licence_that_asks_for_consent_anew_stops_an_approval(
    commands: ModuleType, dan: User, case: Application
) -> None:
    newer = replace_licence(case.family)
    assert commands.approve(**told(case, dan), terms=TERMS).licence_version != newer


def test_consent_that_is_asked_anew_must_be_given_before_a_grant(
    commands: ModuleType, dan: User, case: Application
) -> None:
    replace_licence(case.family, reconsent_by=datetime(2099, 1, 1, tzinfo=UTC))
    assert code_of(commands.approve, **told(case, dan), terms=TERMS) == "licence_outdated"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "no such"}, "unknown_reason"),
        ({"text": "No."}, "text_too_short"),
        ({"text": "  "}, "text_missing"),
        ({"text": "x" * 4001}, "text_too_long"),
        ({"what_to_change": " "}, "no_next_step"),
    ],
)
def test_a_refusal_says_enough(
    commands: ModuleType, dan: User, case: Application, change: dict[str, str], code: str
) -> None:
    assert code_of(commands.refuse_fixable, **told(case, dan), **{**REFUSAL, **change}) == code


def test_a_fixable_refusal_tells_what_to_change(commands: ModuleType, dan: User, case: Application) -> None:
    refused = commands.refuse_fixable(**told(case, dan), **REFUSAL, retry_from=datetime(2026, 5, 1, tzinfo=UTC).date())
    assert refused.state == State.REFUSED_FIXABLE
    mail = OutboxMail.objects.get(about=case.subject)
    assert (REFUSAL["text"] in mail.body, REFUSAL["what_to_change"] in mail.body) == (True, True)
    assert (mail.user, mail.not_before) == (case.applicant, NOW + MINUTE)
    assert not Grant.objects.exists()


def test_a_final_refusal_needs_two_deciders(commands: ModuleType, dan: User, case: Application) -> None:
    commands.propose_final(**told(case, dan), **FINAL)
    assert not OutboxMail.objects.exists()
    assert code_of(commands.refuse_final, **told(case, dan)) == "final_needs_two"
    dora = make_user("dora", Role.DECIDER)
    refused = commands.refuse_final(**told(case, dora))
    assert (refused.decision.by, refused.decision.confirmed_by) == (dan, dora)
    assert (refused.state, refused.final_proposal) == (State.REFUSED_FINAL, None)
    assert OutboxMail.objects.get(about=case.subject).template == "application_refused"


def test_a_decision_cannot_be_rewritten(commands: ModuleType, dan: User, case: Application) -> None:
    commands.refuse_fixable(**told(case, dan), **REFUSAL)
    made = Decision.objects.filter(application=case)
    for change in ({"verdict": "approve"}, {"code": "other"}, {"text": "Yes."}, {"by": make_user("eve")}):
        with pytest.raises(DatabaseError), transaction.atomic():
            made.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        made.delete()
    assert made.update(text="-") == 1  # forgotten at the end, never rewritten


def test_the_database_knows_that_nobody_decides_their_own(case: Application) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(
            application=case, applicant=case.applicant, round=1, verdict="approve", text="Yes.", by=case.applicant,
            at=NOW,
        )  # fmt: skip


def test_sending_back_returns_it_to_whoever_recommended(commands: ModuleType, dan: User, case: Application) -> None:
    assert case.recommendation is not None
    back = commands.send_back(**told(case, dan), text="What about the data?")
    assert (back.state, back.claimed_by, back.claimed_at) == (State.IN_REVIEW, case.recommendation.by, NOW)
    mail = OutboxMail.objects.get(about=case.subject)
    assert (mail.user, "What about the data?" in mail.body) == (case.recommendation.by, True)


def test_sending_back_drops_a_final_refusal_that_waits(commands: ModuleType, dan: User, case: Application) -> None:
    commands.propose_final(**told(case, make_user("dora", Role.DECIDER)), **FINAL)
    assert commands.send_back(**told(case, dan), text="What about the data?").final_proposal is None


@pytest.mark.parametrize("what", ["approve", "refuse"])
def test_what_was_decided_is_undone_before_its_mail_leaves(
    commands: ModuleType, dan: User, case: Application, what: str
) -> None:
    if what == "approve":
        commands.approve(**told(case, dan), terms=TERMS)
    else:
        commands.refuse_fixable(**told(case, dan), **REFUSAL)
    undone = commands.undo(**told(case, dan, NOW + MINUTE / 2))
    assert (undone.state, undone.decision, undone.undo_by) == (State.RECOMMENDED, None, None)
    assert Decision.objects.get().undone_at == NOW + MINUTE / 2
    assert [grant.state for grant in Grant.objects.all()] == (["undone"] if what == "approve" else [])
    assert deliver_due(NOW + DAY) == 0
    assert commands.approve(**told(case, dan, NOW + MINUTE), terms=TERMS).state == "active"


def test_a_grant_that_can_be_undone_is_not_there_yet(commands: ModuleType, dan: User, case: Application) -> None:
    now = timezone.now()
    grant = commands.approve(**told(case, dan, now), terms=TERMS)
    assert (list(grants_of(case.applicant)), list(rights_of(case.applicant))) == ([], [])
    assert not isinstance(decide(case.applicant, Action.USE_INFERENCE, Office(), now), Granted)
    assert grant.starts_at == now + MINUTE


def test_after_the_mail_left_nothing_is_undone(commands: ModuleType, dan: User, case: Application) -> None:
    commands.approve(**told(case, dan), terms=TERMS)
    assert code_of(commands.undo, **told(case, dan, NOW + MINUTE)) == "undo_over"
    OutboxMail.objects.update(next_attempt_at=NOW, attempts=1)  # a sender has it in its hands
    assert code_of(commands.undo, **told(case, dan, NOW + MINUTE / 2)) == "undo_over"


def test_an_upheld_appeal_opens_the_case_again(commands: ModuleType, dan: User) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.APPEALED)
    ground = "The method is on page two, which the refusal did not see."
    again = commands.decide_appeal(**told(case, dan), upheld=True, ground=ground)
    assert (again.state, again.claimed_by, again.decision) == (State.IN_REVIEW, dan, None)
    assert (again.appeal.upheld, again.appeal.decided_by) == (True, dan)
    mail = OutboxMail.objects.get(about=case.subject)
    assert (mail.user, ground in mail.body) == (case.applicant, True)


def test_a_rejected_appeal_leaves_the_refusal(commands: ModuleType, dan: User) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.APPEALED)
    ended = commands.decide_appeal(**told(case, dan), upheld=False, ground="We read it again and see it the same way.")
    assert (ended.state, ended.decision) == (State.REFUSED_FINAL, case.decision)
    later = {"actor": case.applicant, "number": case.number, "text": "Once more, please look at it.", "now": NOW}
    assert code_of(commands.appeal, **later) == "appeal_over"
