"""What the deliveries hold on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.privacy.section import Section, held
from release.models import FetchReport, Mint


def data_of(user: User, now: datetime) -> Iterable[Section]:
    reports = FetchReport.objects.filter(user=user).order_by("pk")
    mints = Mint.objects.filter(user=user).order_by("pk")
    yield Section(
        key="downloads",
        title=_("Download links that you were given, and what your client said of the files"),
        purpose=_("To find where a file came from, should it turn up where it does not belong."),
        kept_for=_(
            "For as long as the house exists; from which network address and with which program, for a year. When you "
            "close your account a pseudonym takes the place of your name."
        ),
        seen_by=_("You and, for the grant of a lab, its holder; the staff of the office and whoever manages releases."),
        held=(
            held(
                "links", mints, "minted_at", "expires_at", "address", "user_agent", "via", "counted_bytes",
                grant="grant__number", file="artifact__path", release="artifact__release__version",
                model="artifact__release__variant__model_id",
            ),
            held(
                "reports", reports, "reported_at", "outcome", "client", grant="grant__number", file="artifact__path",
                release="artifact__release__version", model="artifact__release__variant__model_id",
            ),
        ),
    )  # fmt: skip
