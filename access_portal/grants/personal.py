"""What the grants hold on a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.grants.models import (
    Attestation,
    GrantMember,
    GrantNotice,
    Renewal,
    Revocation,
    Stop,
    StopNotice,
    Surrender,
    Transfer,
)
from access_portal.grants.queries import grants_of
from access_portal.privacy.section import Held, Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    yield Section(
        key="grants",
        title=_("Your grants"),
        purpose=_("So that you, and we, can show what you may do, under which licence, and since when."),
        kept_for=_(
            "For as long as the house exists: the weights that were taken stay under the licence. When you close your "
            "account a pseudonym takes the place of your name."
        ),
        seen_by=_("You, the staff of the office and, for the grant of a lab, its members."),
        held=tuple(_rows(user)),
        left_out=_("Names and addresses of others in a lab, and which member of staff did what: those are theirs."),
    )


def _rows(user: User) -> Iterator[Held]:
    number = {"grant": "grant__number"}
    yield held(
        "grants", grants_of(user), "number", "kind", "lab_name", "whole_family", "state", "starts_at",
        "ends_at", "reason", "may_download", "may_infer", "token_quota", "bytes_per_day", "state_reason",
        "state_changed_at", "suspended_until", "attest_due_at", family="family__slug",
        licence="licence_version__number", application="application__number",
    )  # fmt: skip
    yield held(
        "memberships", GrantMember.objects.filter(user=user).order_by("pk"), "name", "email", "invited_at",
        "joined_at", "removed_at", "removed_reason", **number,
    )  # fmt: skip
    yield held("attestations", Attestation.objects.filter(by=user).order_by("pk"), "statement", "at", **number)
    yield held(
        "renewals", Renewal.objects.filter(asked_by=user).order_by("pk"), "asked_at", "outputs", "changes", "state",
        "decided_at", "text", **number,
    )  # fmt: skip
    asked = Q(asked_by=user) | Q(to=user)
    yield held(
        "transfers", Transfer.objects.filter(asked).order_by("pk"), "asked_at", "reason", "state", "decided_at",
        "text", **number,
    )  # fmt: skip
    yield held("surrenders", Surrender.objects.filter(by=user).order_by("pk"), "statement", "at", **number)
    done = Revocation.objects.filter(grant__holder=user, ratified_at__isnull=False).order_by("pk")
    yield held("revocations", done, "reason", "ratified_at", "emergency", **number)
    yield held("stops", Stop.objects.filter(user=user).order_by("pk"), "reason", "at", "lifted_at", "lift_reason")
    yield held("notices", GrantNotice.objects.filter(grant__holder=user).order_by("pk"), "kind", "sent_at", **number)
    yield held("stop_notices", StopNotice.objects.filter(user=user).order_by("pk"), "kind", "at")
