"""The names of events as receivers of webhooks know them: `application_submitted` becomes `application.submitted`.

Every audit event of the subjects below is announced without anybody having to remember it; this catalogue only gives
the words for people. A test holds that no event of the code is missing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SUBJECTS = ("application", "grant")  # kinds of audit subject: what stands before the colon
TEST_EVENT = "webhook.test"

EVENT_TYPES: Mapping[str, str | Promise] = {
    "application.submitted": _("An application was sent in."),
    "application.claimed": _("A reviewer took it up."),
    "application.released": _("A reviewer gave it back to the queue."),
    "application.approved": _("It was approved; `grant` names the grant that was made."),
    "application.refused": _("It was refused; `code` is the reason, `may_reapply` says whether that is final."),
    "application.withdrawn": _("The applicant took it back."),
    "application.reference_asked": _("Somebody whom the applicant named was asked to vouch for the work."),
    "application.reference_reminded": _("They were reminded."),
    "application.reference_answered": _("They answered; the answer itself is for reviewers."),
    "grant.given": _("A grant was made; it runs until `ends_at`."),
    "grant.suspended": _("A grant gives nothing until it is lifted."),
    "grant.lifted": _("A suspension ended."),
    "grant.revoked": _("A grant was ended for good."),
    "grant.expired": _("A grant reached its end."),
    "grant.download_link_made": _("A link to download one file was made under a grant."),
    TEST_EVENT: _("Somebody pressed “Send a test event”."),
}


def type_of(subject: str, name: str) -> str | None:
    """The event type for an audit event; None where its subject is not announced."""
    kind = subject.partition(":")[0]
    return f"{kind}.{name.removeprefix(f'{kind}_')}" if kind in SUBJECTS else None


def unknown_wishes(wishes: Iterable[str]) -> list[str]:
    """Those that no event type will ever match, a misspelt one say."""
    known = set(EVENT_TYPES) | {f"{kind}.*" for kind in SUBJECTS}
    return [wish for wish in wishes if wish not in known]


def as_table() -> str:
    """The catalogue as the documentation shows it."""
    rows = (f"| `{name}` | {words} |" for name, words in EVENT_TYPES.items())
    return "\n".join(["| type | when |", "|---|---|", *rows])
