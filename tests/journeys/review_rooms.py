"""Cases on the desks of reviewers, brought there by the commands themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.applications import commands
from access_portal.applications.cockpit.wanted import Wanted
from access_portal.applications.commands.filtering import save_filter
from access_portal.applications.models import Application
from access_portal.applications.terms import Terms
from tests.access_portal.applications.scenes import ANSWERS, CHECKED, FINAL, REFUSAL, TERMS, current_licence, draft
from tests.factories import make_user
from tests.journeys.furniture import House

HOSTILE = "Eve \u202e<b>Mallory</b>"  # turns the text around, and is no bold name


def colleague(name: str = "gil", *roles: Role) -> User:
    return make_user(name, *(roles or (Role.REVIEWER, Role.DECIDER)))


def sent(house: House, now: datetime | None = None) -> Application:
    """Of somebody with a hostile name, who named others as well."""
    moment = now or timezone.now() - timedelta(days=3)
    eve = make_user("mallory")
    User.objects.filter(pk=eve.pk).update(full_name=HOSTILE)
    eve.refresh_from_db()
    answers = {**ANSWERS, "sizes": ["5m"], "co_members": "Fay Example\nGrace Example"}
    begun = draft(eve, house.grant.family, answers, now=moment)
    told: dict[str, Any] = {"actor": eve, "number": begun.number, "version": begun.version, "now": moment}
    return commands.submit_application(**told, **current_licence(begun.family))


def act(case: Application, command: Any, actor: User, now: datetime | None = None, **extra: Any) -> Application:
    """Give a versioned command on the case as it stands."""
    case.refresh_from_db()
    command(actor=actor, number=str(case.number), version=case.version, now=now or timezone.now(), **extra)
    case.refresh_from_db()
    return case


def talked_about(house: House) -> Application:
    """Taken by Ben, after a round of questions; with messages, notes and an opinion of a colleague."""
    long_ago = timezone.now() - timedelta(days=2)
    case, gil = sent(house), colleague()
    act(case, commands.claim, house.ben, long_ago)
    asks = [commands.Ask("What will you measure, and how?", "purpose"), commands.Ask("Who pays for the machines?")]
    act(case, commands.request_info, house.ben, long_ago, asks=asks)
    answer(case, long_ago + timedelta(hours=1))
    act(case, commands.claim, house.ben)
    told: dict[str, Any] = {"number": str(case.number), "now": timezone.now()}
    commands.send_message(actor=house.ben, text="Thank you for the details.", **told)
    commands.send_message(actor=case.applicant, text="You are welcome.\nWhen do you decide?", **told)
    commands.note(actor=gil, text="The group's page names her.", **told)
    commands.opine(actor=gil, verdict="approve", text="Sound work.", **told)
    case.refresh_from_db()
    return case


def answer(case: Application, now: datetime) -> Application:
    """The applicant changes the purpose and replies to whatever else was asked."""
    eve = case.applicant
    case.refresh_from_db()
    answers = {**case.answers, "purpose": f"{ANSWERS['purpose']} We count agreement errors in each layer."}
    told: dict[str, Any] = {"actor": eve, "number": str(case.number), "now": now}
    commands.save_draft(version=case.version, answers=answers, **told)
    case.refresh_from_db()
    replies = {row.pk: "The university does." for row in case.info_requests.filter(settled_at=None)}
    commands.resubmit(version=case.version, replies=replies, **told, **current_licence(case.family))
    case.refresh_from_db()
    return case


def page_of(case: Application) -> str:
    return reverse("review_case", args=[case.number])


def recommended(house: House) -> Application:
    case, gil = sent(house), colleague()
    act(case, commands.claim, gil)
    return act(case, commands.recommend, gil, verdict="approve", text="Sound, and within the licence.", checked=CHECKED)


def to_confirm(house: House) -> Application:
    case = recommended(house)
    return act(case, commands.propose_final, User.objects.get(username="gil"), **FINAL)


def approved_just_now(house: House) -> Application:
    case = act(sent(house), commands.claim, house.ben)
    terms = Terms(**{**vars(TERMS), "variants": ("5m",)})
    return act(case, commands.approve, house.ben, terms=terms, checked=CHECKED)


def full_queue(house: House) -> str:
    """A page of the queue with something in every column, and two kept views."""
    talked_about(house)
    save_filter(actor=house.ben, name="Mine", wanted=Wanted.parse("view=mine"), now=timezone.now())
    save_filter(actor=house.ben, name="Old ones", wanted=Wanted.parse("view=all&days=3"), now=timezone.now())
    return reverse("review_queue") + "?view=all&text=example"


def unfolded(case: Application) -> str:
    """The page with forms opened by prepared words."""
    return f"{page_of(case)}?ask=method&ask=sizes&refuse=ethics_missing"


def held(house: House) -> Application:
    case = act(sent(house), commands.claim, house.ben)
    later = timezone.now() + timedelta(days=9)
    return act(case, commands.set_hold, house.ben, ground="The legal office looks at it.", recheck_at=later)


def appealed(house: House) -> Application:
    case, gil = sent(house), colleague()
    act(case, commands.claim, gil)
    act(case, commands.refuse_fixable, gil, timezone.now() - timedelta(hours=1), **REFUSAL)
    words = "You have not seen what I wrote about the method."
    commands.appeal(actor=case.applicant, number=str(case.number), text=words, now=timezone.now())
    case.refresh_from_db()
    return case


def too_near(house: House) -> Application:
    case = sent(house)
    commands.declare_conflict(actor=house.ben, person=case.applicant, reason="A co-author.", now=timezone.now())
    return case


def full_desk(house: House) -> str:
    to_confirm(house)
    return reverse("review_desk")


def conflicts(house: House) -> str:
    """One that holds and one that is over."""
    over = commands.declare_conflict(actor=house.ben, domain="kiel.example", now=timezone.now())
    commands.end_conflict(actor=house.ben, conflict_id=over.pk, now=timezone.now())
    commands.declare_conflict(actor=house.ben, person=house.eve, reason="A co-author.", now=timezone.now())
    return reverse("my_conflicts")


def policies(house: House) -> str:
    RoleAssignment.objects.create(user=house.ben, role=Role.ADMIN)
    return reverse("review_policy")


def policy_of_quill(house: House) -> str:
    policies(house)
    return reverse("edit_review_policy", args=["quill"])
