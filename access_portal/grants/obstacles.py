"""Why a command on a grant cannot be given now, in words; the code is the name of the condition."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access_portal.errors import ConflictError, GatehouseError, PermissionRefusedError
from access_portal.grants.lifecycle import Condition, Obstacle, State
from access_portal.grants.models import Grant

Words = tuple[str | Promise, str | Promise]  # what stands in the way, and what helps

_LOOK_AGAIN = gettext_lazy("Look at its page again; somebody may have changed it a moment ago.")

WORDS: Mapping[Condition, Words] = {
    Condition.NO_REVOCATION: (
        gettext_lazy("Somebody has proposed to revoke grant %(number)s."),
        gettext_lazy("Another decider confirms or declines that first."),
    ),
    Condition.NO_EMERGENCY: (
        gettext_lazy("Grant %(number)s was revoked at once, and a second person has to confirm or decline that."),
        gettext_lazy("Wait for their answer; it comes within 72 hours."),
    ),
    Condition.REVOCATION: (gettext_lazy("Nobody has proposed to revoke grant %(number)s."), _LOOK_AGAIN),
    Condition.SECOND_PERSON: (
        gettext_lazy("A revocation takes two people, and you proposed this one."),
        gettext_lazy("Another decider confirms or declines it."),
    ),
    Condition.UNRATIFIED: (
        gettext_lazy("Grant %(number)s was not revoked at once, or the 72 hours to confirm it are not over."),
        _LOOK_AGAIN,
    ),
    Condition.ATTEST_TIME: (
        gettext_lazy("Nothing has to be confirmed for grant %(number)s now."),
        gettext_lazy("We write to you when it is time."),
    ),
    Condition.RENEWAL_TIME: (
        gettext_lazy("Grant %(number)s cannot be renewed now."),
        gettext_lazy("A renewal can be asked for from 90 days before the end to 90 days after it."),
    ),
    Condition.NO_RENEWAL: (
        gettext_lazy("A renewal of grant %(number)s is asked for already."),
        gettext_lazy("A person reads it; you get a mail."),
    ),
    Condition.RENEWAL: (gettext_lazy("Nobody has asked to renew grant %(number)s."), _LOOK_AGAIN),
    Condition.CURRENT_LICENCE: (
        gettext_lazy("The holder of grant %(number)s has not accepted the current text of the licence."),
        gettext_lazy("The holder reads and accepts it under “My licences”; then this goes on."),
    ),
    Condition.LAB: (
        gettext_lazy("Grant %(number)s is for one person, not for a lab."),
        gettext_lazy("Colleagues apply for grants of their own."),
    ),
    Condition.ROOM: (
        gettext_lazy("The lab of grant %(number)s has as many members as it can have."),
        gettext_lazy("Remove somebody who has left, or write to us."),
    ),
    Condition.NO_TRANSFER: (
        gettext_lazy("It is already asked that the lab of grant %(number)s passes to somebody else."),
        gettext_lazy("A person reads it; you get a mail."),
    ),
    Condition.TRANSFER: (
        gettext_lazy("Nobody has asked that the lab of grant %(number)s passes to somebody else."),
        _LOOK_AGAIN,
    ),
    Condition.OTHER_ASKER: (
        gettext_lazy("You asked for this yourself, so somebody else has to answer."),
        gettext_lazy("Another decider sees it in the list of grants."),
    ),
    Condition.UNWRITTEN: (gettext_lazy("The end of grant %(number)s is written down, or has not come."), _LOOK_AGAIN),
}


def refusal(found: Obstacle | Condition, grant: Grant, state: State, path: str) -> GatehouseError:
    """The error to raise for what `lifecycle.obstacle` found."""
    if isinstance(found, Condition):
        what, cure = WORDS[found]
        return ConflictError(str(found), str(what) % {"number": grant.number}, str(cure), path)
    if found is Obstacle.WRONG_STATE:
        return ConflictError(
            "wrong_state",
            _("That is not possible now: grant %(number)s is “%(state)s”.")
            % {"number": grant.number, "state": state.label},
            str(_LOOK_AGAIN),
            path,
        )
    return PermissionRefusedError(
        "not_theirs",
        _("This is for somebody else to do, not for you."),
        _("The page of the grant shows what you can do."),
        path,
    )
