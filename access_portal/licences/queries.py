"""What pages and commands read about licences."""

from __future__ import annotations

from access_portal.accounts.models import User
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion


def current_version(licence: Licence) -> LicenceVersion | None:
    """The version that was published last; None for a licence without a text."""
    return LicenceVersion.objects.filter(licence=licence).order_by("-published_at", "-pk").first()


def acceptance_of(user: User, version: LicenceVersion) -> LicenceAcceptance | None:
    """The person's acceptance of this very text."""
    return LicenceAcceptance.objects.filter(user=user, version=version).order_by("accepted_at", "pk").first()
