"""Grants at several points of their life, for the pages about them. Times are real ones: browsers have no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.grants import commands
from access_portal.grants.models import Grant
from release.delivery import mint
from release.models import Release
from tests.access_portal.grants.life_scenes import make_invitation, make_member, make_proposal, new_licence
from tests.factories import make_grant, make_user

LINK = "a-link-of-an-invitation"
OUTPUTS = "One paper, “Agreement in very small models”, with its code and data: https://uni.example/agreement"


def page_of(grant: Grant, name: str = "grant") -> str:
    return reverse(name, args=[grant.number])


def lab_of(holder: User, release: Release, *members: User, days: int = 40, **fields: Any) -> Grant:
    """A lab's grant that ends in `days`, with its yearly word due before."""
    now = timezone.now()
    values: dict[str, Any] = {
        "kind": "lab", "lab_name": "Laboratory for Small Models", "starts_at": now - timedelta(days=330),
        "ends_at": now + timedelta(days=days), "attest_due_at": now + timedelta(days=12),
    }  # fmt: skip
    grant = make_grant(holder, release.variant.family, **{**values, **fields})
    for member in members:
        make_member(grant, member, joined_at=now - timedelta(days=200), invited_at=now - timedelta(days=201))
    return grant


def full_lab(holder: User, member: User, release: Release) -> Grant:
    """With a member, an open invitation, and one who has gone."""
    now, gone = timezone.now(), make_user("gone")
    grant = lab_of(holder, release, member, gone)
    grant.members.filter(user=gone).update(removed_at=now, removed_by=holder)
    make_invitation(grant, "new@uni.example", LINK, name="Nova Example", invited_at=now - timedelta(days=1))
    return grant


def moving(holder: User, member: User, release: Release) -> Grant:
    grant = full_lab(holder, member, release)
    place = grant.members.get(user=member)
    reason = "I move to another university in May."
    commands.ask_transfer(actor=holder, number=str(grant.number), member_id=place.pk, reason=reason, now=timezone.now())
    return grant


def asked_to_renew(holder: User, member: User, release: Release) -> Grant:
    grant = full_lab(holder, member, release)
    commands.ask_renewal(
        actor=holder, number=str(grant.number), outputs=OUTPUTS, changes="A new doctoral student.", now=timezone.now()
    )
    return grant


def renewing_under_a_new_licence(holder: User, release: Release) -> str:
    grant = lab_of(holder, release)
    new_licence(grant)
    return page_of(grant, "renew_grant")


def suspended(holder: User, decider: User, release: Release) -> Grant:
    now = timezone.now()
    grant = lab_of(holder, release)
    reason = "We have had no answer to our question about a public copy of the weights."
    commands.suspend(
        actor=decider, number=str(grant.number), reason=reason, review_at=now + timedelta(days=14), now=now
    )
    return grant


def stopped_at_once(holder: User, release: Release) -> Grant:
    dan = make_user("dan", Role.DECIDER)
    grant = lab_of(holder, release)
    commands.revoke_at_once(
        actor=dan, number=str(grant.number), reason="The weights are on a public server.", now=timezone.now()
    )
    return grant


def revocations(holder: User, release: Release) -> str:
    """One that is urgent, one that waits, one that was declined."""
    now, dan = timezone.now(), make_user("dan2", Role.DECIDER)
    stopped_at_once(holder, release)
    make_proposal(lab_of(make_user("una"), release), dan, at=now)
    declined = make_proposal(lab_of(make_user("ugo"), release), dan, at=now)
    type(declined).objects.filter(pk=declined.pk).update(
        declined_by=make_user("dom", Role.DECIDER), declined_at=now, declined_reason="It was another file."
    )
    return reverse("revocations")


def downloaded(holder: User, release: Release) -> Grant:
    grant = make_grant(holder, release.variant.family)
    for agent in ("curl/8.9", "huggingface_hub/1.2; python/3.11"):
        mint(
            actor=holder, release=release, path="params.json", address="2001:db8::7", user_agent=agent,
            now=timezone.now(),
        )  # fmt: skip
    return grant


def invitation(holder: User, reader: User, release: Release) -> str:
    grant = lab_of(holder, release)
    make_invitation(grant, reader.email, LINK, invited_at=timezone.now())
    return reverse("join_grant", args=[LINK])
