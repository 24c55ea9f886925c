"""The names of events as receivers of webhooks know them: `application_submitted` becomes `application.submitted`.

Every audit event of the subjects below, but for `SECRET`, is announced without anybody having to remember it; this
catalogue only gives the words for people. A test holds that no event of the code is missing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SUBJECTS = ("application", "grant", "release")  # kinds of audit subject: what stands before the colon
TEST_EVENT = "webhook.test"

# Nobody outside knows of a release before it is published, so what happens to it until then is told to no other system.
SECRET = frozenset(
    {
        "release_staged", "release_verification_asked", "release_verified", "release_fell_back", "release_scheduled",
        "release_unscheduled",
    }
)  # fmt: skip

EVENT_TYPES: Mapping[str, str | Promise] = {
    "application.started": _("Somebody began to write an application."),
    "application.submitted": _("It was sent in."),
    "application.claimed": _("A reviewer took it up."),
    "application.released": _("A reviewer gave it back to the queue."),
    "application.handed_over": _("A reviewer handed it over to another."),
    "application.info_requested": _("It was returned to the applicant with questions."),
    "application.resubmitted": _("The applicant answered them."),
    "application.opinion_given": _("Another reviewer gave an opinion."),
    "application.recommended": _("Its reviewer passed it on for a decision."),
    "application.sent_back": _("It was given back to its reviewer."),
    "application.approved": _("It was approved; `grant` names the grant that was made."),
    "application.refused_fixable": _("It was refused, with what to change; `code` is the reason."),
    "application.final_refusal_proposed": _("A final refusal was written, for a second person to confirm."),
    "application.refused_final": _("It was refused for good; `code` is the reason."),
    "application.held": _("It was put on hold."),
    "application.hold_lifted": _("The hold ended."),
    "application.decision_undone": _("An answer was taken back although it was on its way already."),
    "application.withdrawn": _("The applicant took it back."),
    "application.appealed": _("The applicant appealed."),
    "application.appeal_decided": _("The appeal was answered."),
    "application.message_sent": _("Somebody wrote a message about it."),
    "application.noted": _("Staff left a note."),
    "application.reference_asked": _("A person named in it was asked to confirm something."),
    "application.reference_reminded": _("That person was reminded."),
    "application.reference_answered": _("That person answered."),
    "application.expired": _("It lapsed, because nothing came from the applicant."),
    "application.closed": _("It was closed."),
    "application.anonymised": _("The words in it were deleted."),
    "application.exported": _("Staff made a copy of everything about it."),
    "application.statement_taken_back": _("The applicant took the published sentence back."),
    "grant.given": _("A grant was made; it runs until `ends_at`."),
    "grant.suspended": _("A grant gives nothing until it is lifted."),
    "grant.lifted": _("A suspension ended."),
    "grant.revocation_proposed": _("One person asked to end a grant for good; a second one answers."),
    "grant.revoked_at_once": _(
        "A grant was stopped; a second person has until `due_at` to confirm that it is revoked."
    ),
    "grant.revoked": _("A grant was ended for good, by two people."),
    "grant.revocation_declined": _("The second person declined to revoke it."),
    "grant.revocation_lapsed": _("No second person answered in 72 hours; the grant is suspended."),
    "grant.expired": _("A grant reached its end."),
    "grant.surrendered": _("Its holder gave it back."),
    "grant.superseded": _("Another grant took its place; `grant` names it."),
    "grant.undone": _("An approval was taken back although it was on its way already."),
    "grant.attested": _("Its holder confirmed the use, as once a year."),
    "grant.attestation_overdue": _("That word is a month late."),
    "grant.renewal_asked": _("Its holder asked to renew it."),
    "grant.renewal_refused": _("It is not renewed."),
    "grant.member_invited": _("Somebody was invited to its lab."),
    "grant.member_joined": _("Somebody joined its lab."),
    "grant.member_left": _("Somebody left its lab."),
    "grant.member_removed": _("Somebody was removed from its lab."),
    "grant.transfer_asked": _("It was asked that its lab passes to a member."),
    "grant.transfer_refused": _("That its lab passes on was refused."),
    "grant.receipt_made": _("A signed receipt of it was made."),
    "release.published": _("A release of a model can be had; `commit` is its name for Hub clients."),
    "release.signed": _("The manifest of a release from earlier times was signed."),
    "release.deprecated": _("It can still be had, but its page says what to use instead."),
    "release.withdrawn": _("Nobody can have it any more."),
    "release.damaged_in_store": _("A file in the store is not what it should be; the office knows which."),
    "release.repaired": _("Files that were damaged in the store are whole again; the office knows which."),
    "release.withdrawal_rehearsed": _("Somebody looked at what its withdrawal would mean; nothing was changed."),
    TEST_EVENT: _("Somebody pressed “Send a test event”."),
}

# What can be undone until its mail leaves waits as long, so that what was never said is not announced either.
HELD = frozenset(
    {
        "application.info_requested", "application.approved", "application.refused_fixable",
        "application.refused_final", "grant.given",
    }
)  # fmt: skip
TAKES_BACK = frozenset({"application.decision_undone", "grant.undone"})


def type_of(subject: str, name: str) -> str | None:
    """The event type for an audit event; None where its subject is not announced, or not yet."""
    kind = subject.partition(":")[0]
    announced = kind in SUBJECTS and name not in SECRET
    return f"{kind}.{name.removeprefix(f'{kind}_')}" if announced else None


def unknown_wishes(wishes: Iterable[str]) -> list[str]:
    """Those that no event type will ever match, a misspelt one say."""
    known = set(EVENT_TYPES) | {f"{kind}.*" for kind in SUBJECTS}
    return [wish for wish in wishes if wish not in known]


def as_table() -> str:
    """The catalogue as the documentation shows it."""
    rows = (f"| `{name}` | {words} |" for name, words in EVENT_TYPES.items())
    return "\n".join(["| type | when |", "|---|---|", *rows])
