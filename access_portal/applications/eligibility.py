"""Whether a person may apply for a family at all; asked before the form is shown and again when it is sent."""

from __future__ import annotations

from datetime import date, datetime

from allauth.account.models import EmailAddress
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.families import Family
from access_portal.applications.models import OPEN_STATES, Application, Decision, Verdict
from access_portal.applications.review_policy import policy_of
from access_portal.errors import ConflictError, PermissionRefusedError
from access_portal.grants.models import LIVE_STATES, Grant


def require_eligible(actor: User, family: Family, now: datetime) -> None:
    """Raises what stands in the way, each with its own code and remedy."""
    _require_verified_email(actor)
    _require_family_open(family)
    require_no_twin(actor, family, now)
    require_no_grant(actor, family, now)
    _require_not_refused_for_good(actor, family)
    _require_cooled_off(actor, family, now)


def require_may_send(actor: User, application: Application, now: datetime) -> None:
    """What may have changed since the draft was begun; raises as `require_eligible` does."""
    _require_verified_email(actor)
    _require_family_open(application.family)
    require_no_grant(actor, application.family, now)


def require_no_twin(actor: User, family: Family, now: datetime) -> None:
    """Raises ConflictError `already_open` that leads to the application in question.

    One whose answer can still be undone is open yet: it was told to nobody, and may come back.
    """
    still_open = Q(state__in=OPEN_STATES) | Q(undo_until__gt=now)
    twin = Application.objects.filter(still_open, applicant=actor, family_id=family.pk).first()
    if twin is not None:
        raise ConflictError(
            "already_open",
            _("You have already begun application %(number)s for %(family)s.")
            % {"family": family.name, "number": twin.number},
            _("Its page shows who acts next. You can go on there, or withdraw it and begin a new one."),
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


def opens_again(decision: Decision) -> date:
    """The day from which somebody who was refused can apply again."""
    cool_off = (decision.given_at + policy_of(decision.application.family_id).cool_off).date()
    return max(cool_off, decision.retry_from or cool_off)


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
    latest = _latest_decision(actor, family)
    if latest is not None and latest.verdict == Verdict.REFUSE_FINAL:
        number = latest.application.number
        raise ConflictError(
            "refused_for_good",
            _("Application %(number)s was refused, and the decision does not provide for another one.")
            % {"number": number},
            _("Its page gives the reasons, and says whether you can still appeal."),
            reverse("application", args=[number]),
        )


def _require_cooled_off(actor: User, family: Family, now: datetime) -> None:
    latest = _latest_decision(actor, family)
    if latest is None or latest.verdict == Verdict.APPROVE:
        return
    opens = opens_again(latest)
    if now.date() < opens:
        raise ConflictError(
            "cooling_off",
            _("You can apply for %(family)s again from %(date)s.")
            % {"family": family.name, "date": date_format(opens)},
            _("The page of your last application says what to change until then."),
            reverse("application", args=[latest.application.number]),
        )


def _latest_decision(actor: User, family: Family) -> Decision | None:
    """The last answer that stands: neither undone nor set aside by an appeal."""
    standing = Decision.objects.filter(applicant=actor, application__family_id=family.pk, undone_at=None)
    standing = standing.filter(application__decision=F("pk"))
    return standing.select_related("application").order_by(Coalesce("confirmed_at", "at").desc(), "-pk").first()
