"""Why a command cannot be given now, in words; the code is the name of the condition."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access_portal.applications.models import Application
from access_portal.applications.workflow import Condition, Obstacle, State
from access_portal.errors import ConflictError, GatehouseError, PermissionRefusedError

Words = tuple[str | Promise, str | Promise]  # what stands in the way, and what helps
ANYBODY = ""

WORDS: Mapping[Condition, Words] = {
    Condition.CLAIM_FREE: (
        gettext_lazy("%(holder)s is working on application %(number)s."),
        gettext_lazy("Ask them to give it back, or wait: a claim lapses after two hours."),
    ),
    Condition.OWN_CLAIM: (
        gettext_lazy("Only whoever has taken application %(number)s can do this."),
        gettext_lazy("Take the case first."),
    ),
    Condition.HANDS_OVER: (
        gettext_lazy("%(holder)s has application %(number)s; only they or the office hand it over."),
        gettext_lazy("Ask them, or an office administrator."),
    ),
    Condition.NOT_ON_HOLD: (
        gettext_lazy("Application %(number)s is on hold."),
        gettext_lazy("Lift the hold first; its ground is on the page of the case."),
    ),
    Condition.ON_HOLD: (
        gettext_lazy("Application %(number)s is not on hold."),
        gettext_lazy("Look at it again; somebody may have lifted the hold a moment ago."),
    ),
    Condition.SINGLE_EYE: (
        gettext_lazy("Application %(number)s needs two people: one recommends, another approves."),
        gettext_lazy("Recommend it; a colleague then decides."),
    ),
    Condition.SECOND_PAIR: (
        gettext_lazy("You recommended application %(number)s, so somebody else has to approve it."),
        gettext_lazy("A colleague with the role of decider sees it in their queue."),
    ),
    Condition.FINAL_PROPOSED: (
        gettext_lazy("A final refusal needs two deciders: one writes it, another confirms it."),
        gettext_lazy("Propose it, or ask a colleague to confirm what you proposed."),
    ),
    Condition.APPEAL_TIME: (
        gettext_lazy("Application %(number)s can no longer be appealed: one appeal each, and in time."),
        gettext_lazy("Its page gives the reasons and whether you can apply again."),
    ),
    Condition.ONLY_ONE: (
        gettext_lazy("You have begun another application for the same model since application %(number)s."),
        gettext_lazy("Go on with that one, or withdraw it first."),
    ),
    Condition.UNINVOLVED: (
        gettext_lazy("You had a part in the decision that is appealed against."),
        gettext_lazy("A decider who had none has to answer."),
    ),
    Condition.UNDO_TIME: (
        gettext_lazy("This can no longer be undone: the mail has left, or it was not your act."),
        gettext_lazy("Write to the applicant, or take the next step that the page offers."),
    ),
    Condition.OVERDUE: (
        gettext_lazy("The time of application %(number)s is not over, or no reminder was sent."),
        gettext_lazy("Wait for the date on its page."),
    ),
    Condition.SETTLED: (
        gettext_lazy("Application %(number)s cannot be closed yet: a grant lives, or an appeal is still possible."),
        gettext_lazy("Wait until both are over."),
    ),
}


def refusal(
    found: Obstacle | Condition, application: Application | None, path: str, state: State | None = None
) -> GatehouseError:
    """The error to raise for what stands in the way; `state` is the one that the reader knows of."""
    if isinstance(found, Condition):
        what, cure = WORDS[found]
        assert application is not None
        names = {"number": application.number, "holder": application.claimed_by}
        return ConflictError(str(found), str(what) % names, str(cure), path)
    if found is Obstacle.WRONG_STATE and application is not None:
        known = State(application.state) if state is None else state
        return ConflictError(
            "wrong_state",
            _("That is not possible now: application %(number)s is in the state “%(state)s”.")
            % {"number": application.number, "state": known.label},
            _("Its page shows what happened and what can be done."),
            path,
        )
    if found is Obstacle.ONE_MOMENT and application is not None:
        return ConflictError(
            "one_moment",
            _("Something is being entered for application %(number)s just now.") % {"number": application.number},
            _("Try again in a minute; its page shows then what happened."),
            path,
        )
    return PermissionRefusedError("role_missing", _("This is for somebody with another role."))
