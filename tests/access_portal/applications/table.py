"""Every state by command by role, and what must come of it, written down by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, Conflict, Decision, ReviewPolicy, State
from access_portal.applications.standing import TIMER, Mover
from access_portal.errors import GatehouseError
from tests.access_portal.applications.scenes import (
    CHECKED,
    DAY,
    FINAL,
    HOUR,
    NOW,
    REFUSAL,
    TERMS,
    current_licence,
    make_application,
    make_open_family,
    make_reminded,
)
from tests.factories import make_grant, make_user

CODES = {
    "in": "not_signed_in", "404": "application_not_found", "role": "role_missing", "own": "own_case",
    "near": "conflict_of_interest", "state": "wrong_state", "held": "claimed_by_other", "mine": "not_claimed_by_you",
    "hand": "not_yours_to_hand_over", "hold": "on_hold", "free": "not_on_hold", "alone": "needs_recommendation",
    "four": "four_eyes", "two": "final_needs_two", "late": "appeal_over", "part": "was_involved", "over": "undo_over",
    "early": "not_overdue", "soon": "one_moment", "open": "already_open", "live": "not_settled", "ok": "ok",
}  # fmt: skip

# Situations beside the thirteen states. Whoever is called `holder` holds, handled or recommended every case.
#   lapsed          in_review, claimed three hours ago         four_review   in_review, where the policy wants four eyes
#   four            recommended, where the policy wants four   held          recommended, on hold
#   proposed        recommended, holder proposed a final no    undoable      approved by holder a moment ago
#   undoable_ask    returned by holder a moment ago            late          refused_final, too long ago to appeal
#   late_fixable    the same of refused_fixable                held_review   in_review, on hold
#   undoable_no     refused_fixable by holder a moment ago     undoable_final  the same, for good
#   ended           approved long ago, no grant lives          overdue_draft, overdue_info  past their date, reminded
#   twin            refused_fixable, and begun anew since (the same of withdrawn, of expired)
# `holder` is reviewer and decider; `self` is both and the applicant; `near` is both and declared a conflict;
# `manager` is release manager, operator and auditor. `*` stands for all situations not named before it.
TEXT = """
command        situations                                                  anon appl outs revw hold deci self near admn mngr clock
save           draft,overdue_draft,info_requested,overdue_info                in   ok   404  404  404  404  ok   404  404  404  role
save           *                                                             in   state 404 404  404  404  state 404 404  404  role
submit         draft,overdue_draft                                           in   ok   404  404  404  404  ok   404  404  404  role
submit         *                                                             in   state 404 404  404  404  state 404 404  404  role
resubmit       info_requested,overdue_info                                   in   ok   404  404  404  404  ok   404  404  404  role
resubmit       *                                                             in   state 404 404  404  404  state 404 404  404  role
withdraw       approved,ended,refused_fixable,twin,late_fixable,refused_final,late,appealed,withdrawn,twin_withdrawn,expired,twin_expired,closed  in state 404 404 404 404 state 404 404 404 role
withdraw       undoable,undoable_no,undoable_final                           in   soon 404  404  404  404  soon 404  404  404  role
withdraw       *                                                             in   ok   404  404  404  404  ok   404  404  404  role
reapply        twin,twin_withdrawn,twin_expired                              in   open 404  404  404  404  open 404  404  404  role
reapply        refused_fixable,late_fixable,withdrawn,expired                                         in   ok   404  404  404  404  ok   404  404  404  role
reapply        *                                                             in   state 404 404  404  404  state 404 404  404  role
appeal         refused_fixable,refused_final                                                            in   ok   404  404  404  404  ok   404  404  404  role
appeal         twin                                                          in   open 404  404  404  404  open 404  404  404  role
appeal         late,late_fixable                                                          in   late 404  404  404  404  late 404  404  404  role
appeal         *                                                             in   state 404 404  404  404  state 404 404  404  role
message        draft,overdue_draft,closed                                    in   state 404 state state state state near role role role
message        *                                                             in   ok   404  ok   ok   ok   ok   near role role role
note           draft,overdue_draft,closed                                    in   role role state state state own near state role role
note           *                                                             in   role role ok   ok   ok   own  near ok   role role
claim          submitted,revised,lapsed                                      in   role role ok   ok   ok   own  near role role role
claim          in_review,four_review,held_review                                         in   role role held ok   held own  near role role role
claim          *                                                             in   role role state state state own near role role role
release        in_review,lapsed,four_review,held_review                                  in   role role mine ok   mine own  near role role role
release        *                                                             in   role role state state state own near role role role
hand_over      in_review,lapsed,four_review,held_review                                  in   role role hand ok   hand own  near ok   role role
hand_over      *                                                             in   role role state state state own near state role role
request_info   in_review,lapsed,four_review,held_review                                  in   role role mine ok   mine own  near role role role
request_info   *                                                             in   role role state state state own near role role role
recommend      in_review,lapsed,four_review,held_review                                  in   role role mine ok   mine own  near role role role
recommend      *                                                             in   role role state state state own near role role role
opine          in_review,lapsed,four_review,held_review,recommended,four,held,proposed   in   role role ok   ok   ok   own  near role role role
opine          *                                                             in   role role state state state own near role role role
send_back      recommended,four,held,proposed                                in   role role role ok   ok   own  near role role role
send_back      *                                                             in   role role role state state own near role role role
approve        in_review                                                     in   role role role ok   held own  near role role role
approve        lapsed                                                        in   role role role ok   ok   own  near role role role
approve        four_review                                                   in   role role role alone held own near role role role
approve        recommended,proposed                                          in   role role role ok   ok   own  near role role role
approve        four                                                          in   role role role four ok   own  near role role role
approve        held                                                          in   role role role hold hold own  near role role role
approve        held_review                                                   in   role role role hold held own  near role role role
approve        *                                                             in   role role role state state own near role role role
refuse_fixable in_review,four_review                                         in   role role role ok   held own  near role role role
refuse_fixable lapsed,recommended,four,proposed                              in   role role role ok   ok   own  near role role role
refuse_fixable held                                                          in   role role role hold hold own  near role role role
refuse_fixable held_review                                                   in   role role role hold held own  near role role role
refuse_fixable *                                                             in   role role role state state own near role role role
propose_final  recommended,four,proposed                                     in   role role role ok   ok   own  near role role role
propose_final  held                                                          in   role role role hold hold own  near role role role
propose_final  *                                                             in   role role role state state own near role role role
refuse_final   recommended,four                                              in   role role role two  two  own  near role role role
refuse_final   proposed                                                      in   role role role two  ok   own  near role role role
refuse_final   held                                                          in   role role role hold hold own  near role role role
refuse_final   *                                                             in   role role role state state own near role role role
undo           undoable,undoable_no,undoable_final                                                      in   role role role ok   over own  near role role role
undo           approved,ended,refused_fixable,twin,late_fixable,refused_final,late                   in   role role role over over own  near role role role
undo           undoable_ask                                                  in   role role over ok   over own  near role role role
undo           info_requested,overdue_info                                   in   role role over over over own  near role role role
undo           *                                                             in   role role state state state own near role role role
set_hold       in_review,lapsed,four_review,recommended,four,proposed        in   role role role ok   ok   own  near ok   role role
set_hold       held,held_review                                                          in   role role role hold hold own  near hold role role
set_hold       *                                                             in   role role role state state own near state role role
lift_hold      held,held_review                                                          in   role role role ok   ok   own  near ok   role role
lift_hold      in_review,lapsed,four_review,recommended,four,proposed        in   role role role free free own  near free role role
lift_hold      *                                                             in   role role role state state own near state role role
decide_appeal  appealed                                                      in   role role role part ok   own  near role role role
decide_appeal  *                                                             in   role role role state state own near role role role
expire         overdue_draft,overdue_info                                    in   404  404  404  404  404  404  404  404  404  ok
expire         draft,info_requested,undoable_ask                             in   404  404  404  404  404  404  404  404  404  early
expire         *                                                             in   404  404  404  404  404  404  404  404  404  state
close          withdrawn,twin_withdrawn,expired,twin_expired,late,late_fixable,ended                                        in   role role role role role role role ok   role ok
close          approved,undoable,refused_fixable,twin,undoable_no,refused_final,undoable_final               in   role role role role role role role live role live
close          *                                                             in   role role role role role role role state role state
anonymise      closed                                                        in   role role role role role role role ok   role ok
anonymise      *                                                             in   role role role role role role role state role state
"""  # noqa: E501 - a table

# Where an application stands after a command that went through, where that is one place.
AFTER = {
    "submit": "submitted", "resubmit": "revised", "withdraw": "withdrawn", "appeal": "appealed", "claim": "in_review",
    "release": "submitted", "hand_over": "in_review", "request_info": "info_requested", "recommend": "recommended",
    "send_back": "in_review", "approve": "approved", "refuse_fixable": "refused_fixable",
    "propose_final": "recommended", "refuse_final": "refused_final", "undo": "in_review", "decide_appeal": "in_review",
    "expire": "expired", "close": "closed", "anonymise": "closed",
}  # fmt: skip

SITUATIONS = (
    *State.values, "lapsed", "four_review", "four", "held", "proposed", "undoable", "undoable_ask", "late",
    "overdue_draft", "overdue_info", "late_fixable", "held_review", "undoable_no", "undoable_final", "ended",
    "twin", "twin_withdrawn", "twin_expired",
)  # fmt: skip
STATE_OF = {
    "lapsed": "in_review", "four_review": "in_review", "four": "recommended", "held": "recommended",
    "proposed": "recommended", "undoable": "approved", "undoable_ask": "info_requested", "late": "refused_final",
    "overdue_draft": "draft", "overdue_info": "info_requested", "late_fixable": "refused_fixable",
    "held_review": "in_review", "undoable_no": "refused_fixable", "undoable_final": "refused_final",
    "ended": "approved", "twin": "refused_fixable", "twin_withdrawn": "withdrawn", "twin_expired": "expired",
}  # fmt: skip
BEFORE = {"undoable": "in_review", "undoable_ask": "in_review", "undoable_no": "in_review",
          "undoable_final": "recommended"}  # fmt: skip
ROLES = ("anon", "appl", "outs", "revw", "hold", "deci", "self", "near", "admn", "mngr", "clock")


@dataclass(frozen=True)
class Row:
    """One command in one situation, and what each role must hear."""

    situation: str
    command: str
    expected: tuple[str, ...]  # in the order of ROLES

    def __str__(self) -> str:
        return f"{self.situation}-{self.command}"

    @property
    def state(self) -> str:
        return STATE_OF.get(self.situation, self.situation)


def _rows() -> Iterator[Row]:
    _head, *lines = [line.split() for line in TEXT.strip().splitlines()]
    named: set[tuple[str, str]] = set()
    for command, situations, *codes in lines:
        assert len(codes) == len(ROLES), (command, situations)
        for situation in SITUATIONS if situations == "*" else situations.split(","):
            if (command, situation) not in named:
                named.add((command, situation))
                yield Row(situation, command, tuple(CODES[code] for code in codes))


ROWS = list(_rows())


class World:
    """One family for each situation, with an application of the applicant and one of the decider called self."""

    def __init__(self) -> None:
        both = (Role.REVIEWER, Role.DECIDER)
        self.holder = make_user("holder", *both)
        self.heidi = make_user("heidi", Role.DECIDER)
        self.spare = make_user("spare", Role.REVIEWER)
        self.actors: dict[str, Mover] = {
            "anon": AnonymousUser(),
            "appl": make_user("ada"),
            "outs": make_user("cy"),
            "revw": make_user("ben", Role.REVIEWER),
            "hold": self.holder,
            "deci": make_user("dan", Role.DECIDER),
            "self": make_user("eve", *both),
            "near": make_user("nia", *both),
            "admn": make_user("amy", Role.ADMIN),
            "mngr": make_user("mia", Role.RELEASE_MANAGER, Role.OPERATOR, Role.AUDITOR),
            "clock": TIMER,
        }
        for role in ("appl", "self"):
            near, person = self.actors["near"], self.actors[role]
            assert isinstance(near, User)
            assert isinstance(person, User)
            Conflict.objects.create(user=near, applicant=person, declared_at=NOW - DAY)
        self.families = {name: make_open_family(name.replace("_", "-")) for name in SITUATIONS}
        for name in ("four", "four_review"):
            ReviewPolicy.objects.create(family=self.families[name], eyes="four")
        self.cases = {(name, role): self._case(name, role) for name in SITUATIONS for role in ("appl", "self")}

    def case(self, row: Row, role: str) -> Application:
        """The application that this row is about, for this role."""
        return self.cases[row.situation, "self" if role == "self" else "appl"]

    def _case(self, name: str, role: str) -> Application:
        applicant, family = self.actors[role], self.families[name]
        assert isinstance(applicant, User)
        base = BEFORE.get(name, STATE_OF.get(name, name))
        case = make_application(applicant, family, State(base), holder=self.holder, decider=self.heidi)
        if name in SPECIAL:
            SPECIAL[name](self, case)
            case.refresh_from_db()
        if name == "approved":
            make_grant(applicant, family, now=NOW, application=case)
        return case


def _lapse(world: World, case: Application) -> None:
    Application.objects.filter(pk=case.pk).update(claimed_at=NOW - 3 * HOUR)


def _hold(world: World, case: Application) -> None:
    Application.objects.filter(pk=case.pk).update(hold_ground="A list hit.", hold_recheck_at=NOW + DAY)


def _propose(world: World, case: Application) -> None:
    commands.propose_final(actor=world.holder, number=str(case.number), version=case.version, now=NOW - HOUR, **FINAL)


def _a_moment_ago(world: World, case: Application) -> dict[str, Any]:
    return {"actor": world.holder, "number": case.number, "version": case.version, "now": NOW - timedelta(seconds=5)}


def _approve_just_now(world: World, case: Application) -> None:
    told = _a_moment_ago(world, case)
    commands.approve(terms=TERMS, checked=CHECKED, **told)


def _ask_just_now(world: World, case: Application) -> None:
    told = _a_moment_ago(world, case)
    commands.request_info(asks=[commands.Ask("What will you measure?", "purpose")], **told)


def _refuse_just_now(world: World, case: Application) -> None:
    told = _a_moment_ago(world, case)
    commands.refuse_fixable(**told, **REFUSAL)


def _refuse_for_good_just_now(world: World, case: Application) -> None:
    told: dict[str, Any] = {"number": case.number, "now": NOW - timedelta(seconds=5)}
    proposed = commands.propose_final(actor=world.heidi, version=case.version, **told, **FINAL)
    commands.refuse_final(actor=world.holder, version=proposed.version, **told)


def _long_ago(world: World, case: Application) -> None:
    assert case.decision is not None
    old = Decision.objects.create(
        application=case, applicant=case.applicant, round=1, verdict=case.decision.verdict, code="other",
        text="No. " * 10, what_to_change="All.", by=world.heidi, at=NOW - 40 * DAY,
    )  # fmt: skip
    Application.objects.filter(pk=case.pk).update(decision=old)


def _begin_anew(world: World, case: Application) -> None:
    make_application(case.applicant, case.family, State.DRAFT)


SPECIAL: dict[str, Callable[[World, Application], Any]] = {
    "lapsed": _lapse,
    "held": _hold,
    "proposed": _propose,
    "undoable": _approve_just_now,
    "undoable_ask": _ask_just_now,
    "late": _long_ago,
    "late_fixable": _long_ago,
    "ended": _long_ago,
    "held_review": _hold,
    "undoable_no": _refuse_just_now,
    "undoable_final": _refuse_for_good_just_now,
    "twin": _begin_anew,
    "twin_withdrawn": _begin_anew,
    "twin_expired": _begin_anew,
    "overdue_draft": lambda world, case: make_reminded(case),
    "overdue_info": lambda world, case: make_reminded(case),
}


def outcome(module: Any, world: World, row: Row, role: str) -> str:
    """What the command does for this role, undone afterwards: `ok` or the code of the refusal."""
    with transaction.atomic():
        try:
            _give(module, world, row, role)
        except GatehouseError as refusal:
            return refusal.code
        finally:
            transaction.set_rollback(True)
    return "ok"


def _give(module: Any, world: World, row: Row, role: str) -> None:
    case = world.case(row, role)
    told: dict[str, Any] = {"actor": world.actors[role], "now": NOW}
    if row.command == "reapply":
        family = world.families[row.situation]
        made = module.start_application(family=family, previous=case.number, **told)
        assert made.previous_id == case.pk
        return
    told["number"] = case.number
    if row.command in VERSIONED:
        told["version"] = case.version
    function = FUNCTION.get(row.command, row.command)
    getattr(module, function)(**told, **extra(row.command, case, world.spare))
    if row.command in AFTER:
        assert Application.objects.get(pk=case.pk).state == after(row)


def after(row: Row) -> str:
    """The state that follows; KeyError for commands that change none."""
    return "recommended" if str(row) == "undoable_final-undo" else AFTER[row.command]


FUNCTION = {"message": "send_message", "save": "save_draft", "submit": "submit_application"}
VERSIONED = {
    "save", "submit", "resubmit", "claim", "release", "hand_over", "request_info", "recommend", "send_back", "approve",
    "refuse_fixable", "propose_final", "refuse_final", "undo", "set_hold", "lift_hold", "decide_appeal",
}  # fmt: skip


def extra(command: str, case: Application, spare: User) -> dict[str, Any]:
    """What a command needs besides actor, case, version and time."""
    ask = commands.Ask("What will you measure, and how?", "purpose")
    replies = {row.pk: "As before: it says so." for row in case.info_requests.all()}
    words: dict[str, dict[str, Any]] = {
        "save": {"answers": {"purpose": "Another purpose."}},
        "submit": current_licence(case.family),
        "resubmit": {"replies": replies, **current_licence(case.family)},
        "appeal": {"text": "You have not seen what I wrote about the method."},
        "message": {"text": "When will this be decided?"},
        "note": {"text": "The page of the group names her."},
        "hand_over": {"to": spare},
        "request_info": {"asks": [ask]},
        "recommend": {"verdict": "approve", "text": "Sound work.", "checked": CHECKED},
        "opine": {"verdict": "approve", "text": "Sound work."},
        "send_back": {"text": "What about the data?"},
        "approve": {"terms": TERMS, "checked": CHECKED},
        "refuse_fixable": REFUSAL,
        "propose_final": FINAL,
        "set_hold": {"ground": "Waiting for the legal office.", "recheck_at": NOW + DAY},
        "decide_appeal": {"upheld": True, "ground": "The method is indeed on page two of the application."},
    }
    return words.get(command, {})
