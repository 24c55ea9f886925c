"""Why an application can be refused: for each code a title for everybody, a text to begin from, and a hint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True)
class Reason:
    """`wording` is where the decider begins to write; `change` is what a new application should do differently.

    `mends` is a hint to the decider: whether such a thing can usually be mended. It binds nobody.
    """

    title: Words
    wording: Words
    change: Words = ""
    mends: bool = True


REASONS: Mapping[str, Reason] = {
    "identity_unclear": Reason(
        _("We could not tell who you are"),
        _("We could not connect your account with the institution that you name."),
        _("Use an e-mail address of your institution, or give an ORCID or a web page that shows you there."),
    ),
    "purpose_unclear": Reason(
        _("The research purpose is not clear enough"),
        _("From your description we could not see what you want to find out and what you need the model for."),
        _("Describe the question, the method and what the model is used for, in a few sentences each."),
    ),
    "not_research": Reason(
        _("The use is not non-commercial research"),
        _("The use that you describe serves a product or a service, which the licence does not allow."),
        _("Apply for work that is research and whose results do not serve a product or a service."),
        mends=False,
    ),
    "outside_licence": Reason(
        _("The use is excluded by the licence"),
        _("The licence excludes the use that you describe; the clause in question is: "),
        _("Leave out the use that the clause names, or describe how your work keeps clear of it."),
        mends=False,
    ),
    "ethics_missing": Reason(
        _("The work with data about people is not covered"),
        _("You plan to work with data about people, and we could not see who has reviewed that."),
        _("Say which ethics board has approved the work, or why none is needed, and how the data are protected."),
    ),
    "supervisor_missing": Reason(
        _("A supervisor has to stand behind the work"),
        _("We could not confirm that the supervisor whom you name knows of this application."),
        _("Name a supervisor whom we can reach at an address of your institution."),
    ),
    "other": Reason(_("Another reason"), ""),
}
