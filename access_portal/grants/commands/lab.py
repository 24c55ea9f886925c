"""Who is of a lab: invited by the holder, joined by accepting the licence in person, removed, or gone by themselves."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.names import plain_name
from access_portal.accounts.queries import verified_addresses
from access_portal.applications.standing import Mover
from access_portal.errors import ConflictError, InvalidError, NotFoundError, PermissionRefusedError
from access_portal.grants.commands.renewing import current_licence
from access_portal.grants.commands.step import advance, grants_to_change, locked, tell
from access_portal.grants.conditions import MEMBERS_AT_MOST
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import Grant, GrantMember
from access_portal.grants.policy import Action, Office, require
from access_portal.grants.standing import INVITATION_LASTS
from access_portal.licences.commands import accept
from access_portal.outbox.commands import queue_mail

LETTERS_TO_ONE = 3  # a day: to one address, from all labs
LETTERS_OF_A_LAB = 2 * MEMBERS_AT_MOST  # a day


@dataclass(frozen=True)
class Invited:
    """An open place and the secret of its link, which is kept nowhere."""

    member: GrantMember
    token: str


def invite(*, actor: Mover, number: str, version: int | None = None, name: str, email: str, now: datetime) -> Invited:
    """Mail somebody a link that works once, for two weeks, with an account whose confirmed address is this one.

    Inviting an address again makes a new link and ends the old one. Raises InvalidError `bad_address` or
    `already_in_lab`, ConflictError `not_a_lab`, `lab_full`, `invited_too_often`, `wrong_state` or
    `stale_version`, NotFoundError.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.INVITE, version, now)
        assert isinstance(actor, User)
        address = _address(email)
        _require_new(grant, address)
        _require_few_letters(grant, address, now)
        grant.members.filter(email__iexact=address, removed_at=None).update(
            removed_at=now, removed_by=actor, token_digest=""
        )
        token = secrets.token_urlsafe(32)
        member = GrantMember.objects.create(
            grant=grant,
            email=address,
            name=plain_name(name),
            token_digest=digest_of(token),
            invited_by=actor,
            invited_at=now,
        )
        advance(grant, actor, Command.INVITE, now, {"member": member.pk})
        _mail_link(grant, member, token, now)
    return Invited(member, token)


def invitation(token: str, now: datetime) -> GrantMember:
    """The open invitation that a link belongs to; raises NotFoundError `invitation_not_found`."""
    rows = GrantMember.objects.select_related("grant__holder", "grant__family__weights_licence", "invited_by")
    found = rows.filter(token_digest=digest_of(token), removed_at=None, joined_at=None).first() if token else None
    if found is None or now >= found.invited_at + INVITATION_LASTS:
        raise NotFoundError(
            "invitation_not_found",
            _("This invitation was used or withdrawn, or its two weeks are over."),
            _("Ask whoever invited you for a new one."),
        )
    return found


def join(*, actor: Mover, token: str, shown_sha256: str, capacity: str, now: datetime) -> GrantMember:
    """Take the place that a link offers, having read and accepted the licence.

    A link that was passed on helps nobody: the account must have confirmed the address that was invited. Raises
    NotFoundError `invitation_not_found`, PermissionRefusedError `wrong_account`, ConflictError `already_member`,
    `licence_changed`, `licence_outdated` or `wrong_state`.
    """
    if not isinstance(actor, User):
        require(None, Action.REVIEW, Office(), now)  # refuses anybody who is not signed in
    assert isinstance(actor, User)
    with transaction.atomic():
        list(grants_to_change().filter(pk=invitation(token, now).grant_id))  # one of two browsers goes first
        place = invitation(token, now)
        require_address(place, actor)
        grant = locked(str(place.grant.number), actor, Command.JOIN, None, now)
        act = "ticked the box on the invitation"
        place.acceptance = accept(
            actor=actor, version=current_licence(grant), shown_sha256=shown_sha256, capacity=capacity, act=act, now=now
        )
        place.user, place.joined_at, place.token_digest = actor, now, ""
        place.save()
        advance(grant, actor, Command.JOIN, now, {"member": place.pk})
        tell([actor, grant.holder], "member_joined", grant, now, {"member": place})
    return place


def require_address(place: GrantMember, actor: User) -> None:
    """Raises PermissionRefusedError `wrong_account`, ConflictError `already_member`."""
    if place.email.lower() not in {address.lower() for address in verified_addresses(actor)}:
        raise PermissionRefusedError(
            "wrong_account",
            _("This invitation is for another e-mail address than those that you have confirmed here."),
            _(
                "Sign in with the account that has the address at which the invitation arrived, or add and confirm it "
                "under “My account”. If the invitation was passed on to you, ask for one of your own."
            ),
            reverse("account_email"),
        )
    lab = place.grant
    if lab.holder_id == actor.pk or lab.members.filter(user=actor, removed_at=None).exists():
        raise ConflictError(
            "already_member",
            _("You are of this lab already."),
            _("Its page shows what you can use."),
            reverse("grant", args=[lab.number]),
        )


def leave(*, actor: Mover, number: str, now: datetime) -> GrantMember:
    """A member goes; from this moment the lab's grant gives them nothing."""
    with transaction.atomic():
        grant = locked(number, actor, Command.LEAVE, None, now)
        assert isinstance(actor, User)
        place = grant.members.get(user=actor, joined_at__isnull=False, removed_at=None)
        _take_away(place, actor, "", now)
        advance(grant, actor, Command.LEAVE, now, {"member": place.pk})
        tell(grant.holder, "member_left", grant, now, {"member": place})
    return place


def remove_member(
    *, actor: Mover, number: str, version: int | None = None, member_id: int, reason: str = "", now: datetime
) -> GrantMember:
    """Take a place away, joined or only invited; effective at once, and told by mail.

    Raises NotFoundError `member_not_found`, ConflictError `not_a_lab`, `wrong_state` or `stale_version`.
    """
    with transaction.atomic():
        grant = locked(number, actor, Command.REMOVE_MEMBER, version, now)
        assert isinstance(actor, User)
        place = grant.members.select_related("user").filter(pk=member_id, removed_at=None).first()
        if place is None:
            raise NotFoundError("member_not_found", _("Nobody of this lab has this place."))
        _take_away(place, actor, reason.replace("\0", "").strip()[:1000], now)
        advance(grant, actor, Command.REMOVE_MEMBER, now, {"member": place.pk})
        _tell_removed(grant, place, actor, now)
    return place


def digest_of(token: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def _address(email: str) -> str:
    address = email.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise InvalidError("bad_address", _("This is not an e-mail address."), field="email") from None
    if len(address) > 254:
        raise InvalidError("bad_address", _("This address is too long."), field="email")
    return address


def _require_new(grant: Grant, address: str) -> None:
    own = {known.lower() for known in [grant.holder.email, *verified_addresses(grant.holder)]}
    joined = grant.members.filter(email__iexact=address, joined_at__isnull=False, removed_at=None)
    if address.lower() in own or joined.exists():
        raise InvalidError("already_in_lab", _("Whoever has this address is of the lab already."), field="email")


def _require_few_letters(grant: Grant, address: str, now: datetime) -> None:
    """A grant must be no means to write to strangers."""
    today = GrantMember.objects.filter(invited_at__gt=now - timedelta(days=1))
    to_them = today.filter(email__iexact=address).count()
    if to_them >= LETTERS_TO_ONE or today.filter(grant=grant).count() >= LETTERS_OF_A_LAB:
        raise ConflictError(
            "invited_too_often",
            _("As many invitations as we send in a day have gone to this address, or out of this lab, today."),
            _("Nothing is lost: those that were sent work for two weeks. Invite again tomorrow."),
            reverse("grant_members", args=[grant.number]),
        )


def _mail_link(grant: Grant, member: GrantMember, token: str, now: datetime) -> None:
    """The link stands in the mail alone: the copy that the portal keeps and shows has none."""
    queue_mail(
        template="grant_member_invited",
        context={
            "grant": grant,
            "family": grant.family,
            "member": member,
            "until": now + INVITATION_LASTS,
            "holder": plain_name(str(grant.holder)),
            "lab": plain_name(grant.lab_name),
        },
        to=member.email,
        language=grant.holder.language,  # nobody knows the reader's, and the two speak to each other
        now=now,
        about=grant.subject,
        sealed={"link": settings.BASE_URL + reverse("join_grant", args=[token])},
    )


def _take_away(place: GrantMember, actor: User, reason: str, now: datetime) -> None:
    place.removed_at, place.removed_by, place.removed_reason, place.token_digest = now, actor, reason, ""
    place.save()


def _tell_removed(grant: Grant, place: GrantMember, actor: User, now: datetime) -> None:
    words = {"member": place, "reason": place.removed_reason}
    if place.user is not None:
        queue_mail(
            template="grant_member_removed",
            context={"grant": grant, "family": grant.family, "path": reverse("my_grants"), **words},
            user=place.user,
            now=now,
            about=grant.subject,
        )
    else:
        queue_mail(
            template="grant_invitation_withdrawn",
            context={"grant": grant, "family": grant.family, **words},
            to=place.email,
            language=grant.holder.language,
            now=now,
            about=grant.subject,
        )
    if actor.pk != grant.holder_id:
        tell(grant.holder, "member_removed_by_office", grant, now, words)
