"""What the licences hold on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.licences.models import LicenceAcceptance, ReconsentNotice
from access_portal.privacy.section import Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    version = {"licence": "version__licence__slug", "version": "version__number"}
    yield Section(
        key="licences",
        title=_("Licences that you accepted"),
        purpose=_("To be able to prove, for you as well as for us, which text was agreed to and when."),
        kept_for=_(
            "For as long as the house exists. When you close your account a pseudonym takes the place of your name."
        ),
        seen_by=_("You, and the staff of the office."),
        held=(
            held(
                "acceptances", LicenceAcceptance.objects.filter(user=user).order_by("pk"), "sha256", "language",
                "capacity", "act", "accepted_at", **version,
            ),
            held("reminders", ReconsentNotice.objects.filter(user=user).order_by("pk"), "kind", "sent_at", **version),
        ),
    )  # fmt: skip
