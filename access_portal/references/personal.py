"""What the references hold on a person: on who asked for them, and on who gave them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.queries import verified_addresses
from access_portal.privacy.section import Section, held
from access_portal.references.addresses import same_box
from access_portal.references.keeping import forget_references
from access_portal.references.models import Letter, Reference


def data_of(user: User, now: datetime) -> Iterable[Section]:
    own = Reference.objects.filter(application__applicant=user).order_by("pk")
    # By proven addresses only: whoever merely claims one must not read what its owner wrote.
    given = Reference.objects.filter(address__in={same_box(address) for address in verified_addresses(user)})
    letters = Letter.objects.filter(reference__application__applicant=user).order_by("pk")
    yield Section(
        key="references",
        title=_("References"),
        purpose=_("To ask somebody who knows of the work whether it is as described."),
        kept_for=_(
            "As long as the answers of the application they belong to; letters with a link for 90 days. What you "
            "said of somebody else's work goes with their application, not with your account."
        ),
        seen_by=_("The applicant sees whom we asked and whether they answered; reviewers see the answer."),
        held=(
            held(
                "about_you", own, "kind", "name", "email", "asked_at", "reminded_at", "answered_at",
                application="application__number",
            ),
            held("letters_sent", letters, "address", "sent_at"),
            held(
                "by_you", given.order_by("pk"), "kind", "email", "asked_at", "answered_at", "verdict", "comment",
                "answered_name",
            ),
        ),
        left_out=_("What others answered about you: they were told that it is for reviewers only."),
    )  # fmt: skip


def erase(user: User, now: datetime) -> None:
    """Forget whom this person named; that somebody was asked, and the answer, stays."""
    forget_references(Reference.objects.filter(application__applicant=user).exclude(email=""))
