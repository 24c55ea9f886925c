"""Words for what happens to an account, as its history tells it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENT_WORDS: Mapping[str, Promise] = {
    "person_created": _("Staff made the account."),
    "role_given": _("A role was given."),
    "role_taken": _("A role was taken away."),
    "account_closed": _("Sign-in was closed; all sessions and API tokens ended."),
    "account_reopened": _("Sign-in was opened again."),
    "account_left": _("Gave the account up for good; what named its owner is gone."),
    "profile_corrected": _("Corrected the name or the language."),
    "data_exported": _("Took a copy of all that is held on them."),
    "signed_out_everywhere": _("All sessions and API tokens were ended."),
    "second_factor_reset": _("The second factor was taken away; all sessions and API tokens ended."),
    "token_issued": _("Made an API token."),
    "token_revoked": _("Ended an API token."),
    "device_allowed": _("Let a program be signed in."),
    "device_refused": _("Refused a program that asked to be signed in."),
    "orcid_linked": _("Signed in at ORCID and linked the iD."),
    "orcid_unlinked": _("Unlinked the ORCID iD."),
    "conflict_declared": _("Declared a conflict of interest."),
    "conflict_ended": _("Took back a conflict of interest."),
    "licence_accepted": _("Accepted a licence."),
    "reconsent_reminded": _("Was reminded to accept a new licence text."),
    "receipt_made": _("Got a signed receipt of accepting a licence."),
}
