"""What the office can do with an account: close its door, end what is open, take the second factor away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access_portal.accounts.devices.commands import end_allowed
from access_portal.accounts.models import ApiToken, User
from access_portal.accounts.pseudonyms import is_gone
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.policy import Action, Case, require
from access_portal.outbox.commands import queue_mail

LONGEST_WORDS = 1000


class Reason(models.TextChoices):
    """Why sign-in was closed: the event log keeps the code, and the person reads the words."""

    ASKED = "asked", gettext_lazy("They asked for it")
    LEFT = "left", gettext_lazy("They left the institution that they applied for")
    STRANGER = "stranger", gettext_lazy("Somebody else may be using the account")
    MISUSE = "misuse", gettext_lazy("The account was used against the licence or the rules of this site")
    DOUBLE = "double", gettext_lazy("They have another account")


def close_account(*, person: User, reason: str, words: str, actor: User | None, now: datetime) -> None:
    """Let nobody sign in with this account, and end its sessions and tokens, which no reopening brings back.

    Running jobs stop by themselves: they ask the policy at each heartbeat, and it refuses a closed account.

    `words` are for the person's mail and kept nowhere else. `actor` None is the operator at the command line. Raises
    InvalidError `reason_unknown` or `words_too_long`, ConflictError `account_closed`, or `account_gone`.
    """
    if reason not in Reason.values:
        raise InvalidError("reason_unknown", _("Choose one of the reasons offered."), field="reason")
    _check_length(words)
    with transaction.atomic():
        locked = _lock(person, actor, now)
        if not locked.is_active:
            raise ConflictError("account_closed", _("Sign-in is closed already."))
        locked.is_active = False
        ended = _end_everything(locked, now)
        locked.save(update_fields=["is_active"])
        record(_chain(locked), "account_closed", actor=actor, now=now, data={"code": reason, "tokens": ended})
        _tell(locked, "account_closed", now, reason=Reason(reason).label, words=words.strip())


def reopen_account(*, person: User, words: str, actor: User | None, now: datetime) -> None:
    """Let the person sign in again, with password and second factor as before.

    Raises as `close_account` does, and ConflictError `account_open`.
    """
    _check_length(words)
    with transaction.atomic():
        locked = _lock(person, actor, now)
        if locked.is_active:
            raise ConflictError("account_open", _("Sign-in is open already."))
        locked.is_active = True
        locked.save(update_fields=["is_active"])
        record(_chain(locked), "account_reopened", actor=actor, now=now)
        _tell(locked, "account_reopened", now, words=words.strip())


def sign_out_everywhere(*, person: User, actor: User | None, now: datetime) -> None:
    """End every session and every API token of a person at once. Raises ConflictError `account_gone`."""
    with transaction.atomic():
        locked = _lock(person, actor, now)
        ended = _end_everything(locked, now)
        record(_chain(locked), "signed_out_everywhere", actor=actor, now=now, data={"tokens": ended})
        _tell(locked, "account_signed_out", now, tokens=ended)


def reset_second_factor(*, person: User, actor: User | None, now: datetime) -> None:
    """Take away the second factor and its recovery codes, for somebody who lost them, and end all sessions.

    The password stays, so whoever does this cannot sign in as the person. Raises ConflictError `no_second_factor`.
    """
    with transaction.atomic():
        locked = _lock(person, actor, now)
        factors, _rows = Authenticator.objects.filter(user=locked).delete()
        if not factors:
            raise ConflictError("no_second_factor", _("This account has no second factor."))
        ended = _end_everything(locked, now)
        record(_chain(locked), "second_factor_reset", actor=actor, now=now, data={"tokens": ended})
        _tell(locked, "account_second_factor_reset", now, is_staff=locked.is_office)


def _lock(person: User, actor: User | None, now: datetime) -> User:
    """The row, held until the transaction ends; the policy lets nobody do this to themselves."""
    if actor is not None:
        require(actor, Action.MANAGE_PEOPLE, Case(applicant_id=person.pk), now)
    locked = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if is_gone(locked):
        raise ConflictError("account_gone", _("Its owner gave this account up for good; nothing can be done with it."))
    return locked


def _end_everything(person: User, now: datetime) -> int:
    """End sessions and tokens; returns how many tokens that were.

    First what a program could still fetch: a token that is made meanwhile is there for the second line to end.
    """
    end_allowed(person=person, now=now)
    person.session_round += 1
    person.save(update_fields=["session_round"])
    return ApiToken.objects.filter(user=person, revoked_at=None, expires_at__gt=now).update(revoked_at=now)


def _check_length(words: str) -> None:
    if len(words) > LONGEST_WORDS:
        raise InvalidError(
            "words_too_long", _("Write at most %(count)d characters.") % {"count": LONGEST_WORDS}, field="words"
        )


def _chain(person: User) -> str:
    return f"user:{person.pk}"


def _tell(person: User, template: str, now: datetime, **words: Any) -> None:
    queue_mail(template=template, context=words, user=person, now=now, about="account")
