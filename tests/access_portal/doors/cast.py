"""One house with a case, a lab and a stop in it, and every kind of person who may come to its doors."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Conflict, State
from access_portal.grants.commands.lab import digest_of
from access_portal.grants.models import GrantMember, Stop
from access_portal.outbox import endpoints
from access_portal.outbox.commands import queue_text
from access_portal.questionnaires.models import FormVersion
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.factories import make_acceptance, make_grant, make_release, make_user, make_variant

INVITATION = "the-secret-of-an-invitation-of-this-house"


class Who(StrEnum):
    """The cast; the case and the lab of the house are the holder's."""

    ANYBODY = "anybody"  # who is not signed in
    STRANGER = "stranger"
    HOLDER = "holder"
    MEMBER = "member"
    REMOVED = "removed"  # from the lab
    INVITED = "invited"  # to the lab, and no member yet
    NEAR = "near"  # a reviewer who has declared a conflict of interest with the holder
    REVIEWER = "reviewer"
    DECIDER = "decider"
    ADMIN = "admin"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    RELEASER = "releaser"  # a release manager


ROLES = {
    Who.NEAR: Role.REVIEWER, Who.REVIEWER: Role.REVIEWER, Who.DECIDER: Role.DECIDER, Who.ADMIN: Role.ADMIN,
    Who.OPERATOR: Role.OPERATOR, Who.AUDITOR: Role.AUDITOR, Who.RELEASER: Role.RELEASE_MANAGER,
}  # fmt: skip


def make_cast() -> dict[Who, User]:
    """Everybody but ANYBODY."""
    return {
        who: make_staff(who.value, ROLES[who]) if who in ROLES else make_user(who.value)
        for who in Who
        if who != Who.ANYBODY
    }


def furnish(cast: dict[Who, User]) -> dict[str, str]:
    """Makes what the doors lead to, and returns the values for the places in their addresses."""
    now, holder = timezone.now(), cast[Who.HOLDER]
    Conflict.objects.create(user=cast[Who.NEAR], applicant=holder, declared_at=now)
    case = make_application(holder, make_open_family("other"), State.IN_REVIEW, holder=cast[Who.REVIEWER])
    lab = make_grant(holder, make_open_family(), kind="lab", lab_name="Lab of Doors")
    for who in (Who.MEMBER, Who.REMOVED, Who.INVITED):
        person, joined = cast[who], who != Who.INVITED
        GrantMember.objects.create(
            grant=lab, email=person.email, name=str(person), invited_by=holder, invited_at=now,
            token_digest="" if joined else digest_of(INVITATION),
            user=person if joined else None, joined_at=now if joined else None,
            acceptance=make_acceptance(person, lab.licence_version) if joined else None,
            removed_at=now if who == Who.REMOVED else None, removed_by=holder if who == Who.REMOVED else None,
        )  # fmt: skip
    stop = Stop.objects.create(
        scope="family", family_id=make_open_family("third").pk, reason="A leak.", by=cast[Who.DECIDER], at=now
    )
    webhook, _secret = endpoints.add_endpoint(
        url="https://events.example/in", wants=["grant.*"], actor=cast[Who.OPERATOR], now=now - timedelta(days=1)
    )
    mail = queue_text(user=holder, to=holder.email, subject="Words", body="Words.", now=now)
    release = make_release(make_variant(lab.family, "released"))
    return {
        "model": release.variant.model_id,
        "case": str(case.number), "lab": str(lab.number), "place": str(lab.members.filter(removed_at=None)[0].pk),
        "stop": str(stop.pk), "webhook": str(webhook.pk), "mail": str(mail.pk),
        "version": str(lab.licence_version_id), "licence": lab.family.weights_licence.slug,
        "acceptance": str(holder.acceptances.order_by("pk")[0].pk), "form": str(FormVersion.objects.all()[0].pk),
        "family": lab.family.slug, "person": holder.username,
    }  # fmt: skip
