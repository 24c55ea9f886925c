"""Whether a person may apply for a family at all; asked before the form is shown and again when it is sent."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.families import Family
from access_portal.applications.models import DECIDED_STATES, OPEN_STATES, Application, State
from access_portal.errors import ConflictError, PermissionRefusedError
from access_portal.grants.models import LIVE_STATES, Grant


def require_eligible(actor: User, family: Family, now: datetime) -> None:
    """Raises what stands in the way, each with its own code and remedy."""
    _require_verified_email(actor)
    _require_family_open(family)
    require_no_twin(actor, family)
    require_no_grant(actor, family, now)
    _require_not_refused_for_good(actor, family)


def require_no_twin(actor: User, family: Family) -> None:
    """Raises ConflictError `already_open` that leads to the application in question."""
    twin = Application.objects.filter(applicant=actor, family_id=family.pk, state__in=OPEN_STATES).first()
    if twin is not None:
        raise ConflictError(
            "already_open",
            _("You have already applied for %(family)s: application %(number)s is being decided.")
            % {"family": family.name, "number": twin.number},
            _("Its page shows who acts next. You can withdraw it there and send a new one."),
            reverse("application", args=[twin.number]),
        )


def require_no_grant(actor: User, family: Family, now: datetime) -> None:
    """Raises ConflictError `already_granted`; a grant past its end does not count, whatever its state says."""
    grant = Grant.objects.filter(holder=actor, family_id=family.pk, state__in=LIVE_STATES, ends_at__gt=now).first()
    if grant is not None:
        raise ConflictError(
            "already_granted",
            _("You already hold a grant for %(family)s: %(number)s.") % {"family": family.name, "number": grant.number},
            _("Its page shows what it covers and until when."),
            reverse("my_grants"),
        )


def _require_verified_email(actor: User) -> None:
    if not EmailAddress.objects.filter(user=actor, email__iexact=actor.email, verified=True).exists():
        raise PermissionRefusedError(
            "email_not_verified",
            _("Your e-mail address %(email)s is not confirmed yet.") % {"email": actor.email},
            _("Open the link that we sent there, or have it sent again. Then apply."),
            reverse("account_email"),
        )


def _require_family_open(family: Family) -> None:
    if not family.accepts_applications:
        raise ConflictError(
            "applications_closed",
            _("%(family)s takes no applications at present.") % {"family": family.name},
            _("The page of the family says more."),
            reverse("family", args=[family.slug]),
        )


def _require_not_refused_for_good(actor: User, family: Family) -> None:
    decided = Application.objects.filter(applicant=actor, family_id=family.pk, state__in=DECIDED_STATES)
    latest = decided.order_by("-decided_at", "-pk").first()
    if latest is not None and latest.state == State.REFUSED and not latest.may_reapply:
        raise ConflictError(
            "refused_for_good",
            _("Application %(number)s was refused, and the decision does not provide for another one.")
            % {"number": latest.number},
            _("Its page gives the reasons."),
            reverse("application", args=[latest.number]),
        )
