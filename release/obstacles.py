"""Why a command on a release cannot be given now, in words; the code is the name of the condition or obstacle."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from release.lifecycle import Condition, Obstacle, State
from release.models import Release

WORDS: Mapping[Condition | Obstacle, tuple[str | Promise, str | Promise]] = {
    Condition.NAMED: (
        gettext_lazy("Releases take two people here, so the command line has to say who you are."),
        gettext_lazy("Add --as with the user name of a release manager."),
    ),
    Condition.SECOND_PERSON: (
        gettext_lazy("Releases take two people here: whoever staged %(release)s cannot publish or schedule it."),
        gettext_lazy("Ask another release manager. If nobody knows who staged it, stage it again with --as."),
    ),
    Condition.CURRENT_LICENCE: (
        gettext_lazy("%(release)s was staged under a licence text that has been replaced: %(licence)s."),
        gettext_lazy("Stage it again under the current text; the files need not be sent again."),
    ),
    Condition.KEY: (
        gettext_lazy("This installation has no key to sign releases with, so nothing can be published or signed."),
        gettext_lazy("Put what “manage.py release key” prints into GATEHOUSE_RELEASE_KEY, then try again."),
    ),
    Condition.EMBARGO_OVER: (
        gettext_lazy("%(release)s is scheduled for a moment that has not come yet."),
        gettext_lazy("Wait for it, or take it off the schedule first."),
    ),
    Condition.UNSIGNED: (
        gettext_lazy("%(release)s is signed already."),
        gettext_lazy("A signature never changes; it stays valid when keys are changed."),
    ),
    Obstacle.NOT_THEIRS: (
        gettext_lazy("This is for somebody else to do, not for you."),
        gettext_lazy("The page of the release shows what you can do."),
    ),
    Obstacle.WRONG_STATE: (
        gettext_lazy("That is not possible now: %(release)s is “%(state)s”."),
        gettext_lazy("Look at it again; somebody may have changed it a moment ago."),
    ),
    Obstacle.FINAL: (
        gettext_lazy("%(release)s was published before, and never changes."),
        gettext_lazy("Stage the files under a new version instead."),
    ),
}


def refusal(found: Condition | Obstacle, release: Release | None) -> tuple[str, str]:
    """What stands in the way, and what helps."""
    explanation, remedy = WORDS[found]
    names = {
        "release": _("This version") if release is None else release,
        "licence": "" if release is None else release.licence_version,
        "state": _("not staged") if release is None else State(release.state).label,
    }
    return str(explanation) % names, str(remedy)
