"""A program asks, a person answers in their browser, the program fetches its token once (RFC 8628)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access_portal.accounts.devices.codes import device_digest, new_device_code, new_user_code, typed, user_digest
from access_portal.accounts.devices.errors import PollError
from access_portal.accounts.devices.limits import GUESSES, GUESSES_NEARBY, NEW_CODES, give_back, network_of, spend
from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.devices.queries import offered
from access_portal.accounts.models import ApiToken, Scope, User
from access_portal.accounts.names import plain_name
from access_portal.accounts.tokens import issue_token, require_token_terms
from access_portal.audit.commands import record
from access_portal.errors import InvalidError, NotFoundError
from access_portal.outbox.commands import queue_mail

State = DeviceRequest.State
LASTS = timedelta(minutes=15)
INTERVAL = 5  # seconds between two questions of a program
SLOWER, SLOWEST = 5, 60  # seconds


def ask(
    *, client_name: str, scopes: Iterable[str], address: str | None, user_agent: str, now: datetime
) -> tuple[DeviceRequest, str, str]:
    """Note what a program asks for; returns the row, the device code and the user code, which are kept nowhere.

    Raises InvalidError `client_name_missing` or `token_scope_unknown`, TooManyTriesError.
    """
    wanted, name = sorted(set(scopes)), plain_name(client_name)
    if not name:
        raise InvalidError("client_name_missing", _("Say what the program is called."), field="client_name")
    if not wanted or not set(wanted) <= set(Scope.values):
        known = ", ".join(Scope.values)
        raise InvalidError("token_scope_unknown", _("The scopes are: %(known)s.") % {"known": known}, field="scopes")
    spend(NEW_CODES, network_of(address))
    device_code, user_code = new_device_code(), _free_user_code()
    made = DeviceRequest.objects.create(
        device_digest=device_digest(device_code),
        code_digest=user_digest(user_code),
        client_name=name,
        scopes=wanted,
        address=address,
        user_agent=plain_name(user_agent[:200]),
        asked_at=now,
        expires_at=now + LASTS,
        interval_seconds=INTERVAL,
    )
    return made, device_code, user_code


def look_up(*, actor: User, code: str, address: str | None, now: datetime) -> DeviceRequest:
    """The request that waits under this user code. A wrong one counts against the person and their network.

    Raises NotFoundError `device_code_unknown`, whether it never was, is over or answered; TooManyTriesError.
    """
    return _waiting(DeviceRequest.objects.all(), actor, code, address, now)


def allow(
    *, actor: User, code: str, address: str | None, scopes: Iterable[str], name: str, days: int, now: datetime
) -> DeviceRequest:
    """Let the program fetch a token with these scopes, which it asked for and `actor` may give.

    Raises as `look_up`, InvalidError `token_name_missing`, `token_scope_unknown` or `token_days`.
    """
    chosen = sorted(set(scopes))
    with transaction.atomic():
        asked = _waiting(DeviceRequest.objects.select_for_update(), actor, code, address, now)
        require_token_terms(name=name, scopes=chosen, days=days)
        if not set(chosen) <= set(offered(asked, actor)):
            message = _("The program did not ask for that, or you could not use it.")
            raise InvalidError("token_scope_unknown", message, field="scopes")
        asked.given_scopes, asked.token_name, asked.token_days = chosen, name.strip()[:80], days
        _answer(asked, State.ALLOWED, actor, now)
        record(f"user:{actor.pk}", "device_allowed", actor=actor, now=now, data={"device": asked.pk, "scopes": chosen})
    return asked


def refuse(*, actor: User, code: str, address: str | None, now: datetime) -> DeviceRequest:
    """Tell the program no. Raises as `look_up`."""
    with transaction.atomic():
        asked = _waiting(DeviceRequest.objects.select_for_update(), actor, code, address, now)
        _answer(asked, State.REFUSED, actor, now)
        record(f"user:{actor.pk}", "device_refused", actor=actor, now=now, data={"device": asked.pk})
    return asked


def collect(*, device_code: str, now: datetime) -> tuple[ApiToken, str]:
    """The token and its secret, once it is allowed, and once only. Raises PollError."""
    with transaction.atomic():
        rows = DeviceRequest.objects.select_for_update(of=("self",)).select_related("user")
        asked = rows.filter(device_digest=device_digest(device_code)).first()
        obstacle = _obstacle(asked, now)
        if obstacle is None and asked is not None:
            return _hand_out(asked, now)
    assert obstacle is not None  # raised out here: that the program was too quick is to be remembered
    raise obstacle


def end_allowed(*, person: User, now: datetime) -> int:
    """Whoever ends all tokens of a person ends those too that a program has not fetched; returns how many."""
    allowed = DeviceRequest.objects.filter(user=person, state=State.ALLOWED)
    return allowed.update(state=State.REFUSED, answered_at=now)


def _free_user_code() -> str:
    while True:
        code = new_user_code()
        if not DeviceRequest.objects.filter(code_digest=user_digest(code)).exists():
            return code


def _waiting(
    rows: QuerySet[DeviceRequest], actor: User, code: str, address: str | None, now: datetime
) -> DeviceRequest:
    """The one of `rows`. Each try is counted before it is made, and a good one given back."""
    tries = ((GUESSES, str(actor.pk)), (GUESSES_NEARBY, network_of(address)))
    for limit, who in tries:
        spend(limit, who)
    found = rows.filter(code_digest=user_digest(typed(code)), state=State.WAITING, expires_at__gt=now).first()
    if found is None:
        raise NotFoundError(
            "device_code_unknown",
            _("No program waits under this code: it was mistyped, is over after 15 minutes, or was answered."),
            _("Compare it letter by letter, or let the program begin again."),
            "/activate/",
        )
    for limit, who in tries:
        give_back(limit, who)
    return found


def _answer(asked: DeviceRequest, state: str, actor: User, now: datetime) -> None:
    asked.state, asked.user, asked.answered_at = state, actor, now
    asked.save()


def _obstacle(asked: DeviceRequest | None, now: datetime) -> PollError | None:
    """Why there is no token yet, or never; a program that asks too often has to wait longer from now on."""
    if asked is None or asked.state == State.USED:
        return PollError("invalid_grant", _("This device code is unknown, or its token was fetched."))
    if asked.state == State.REFUSED or (asked.user is not None and not asked.user.is_active):
        return PollError("access_denied", _("The sign-in was refused."))
    if asked.is_over(now):
        return PollError("expired_token", _("The code is over after 15 minutes. Begin again."))
    if asked.state == State.ALLOWED:
        return None
    early = asked.polled_at is not None and now < asked.polled_at + timedelta(seconds=asked.interval_seconds)
    asked.polled_at = now
    if early:
        asked.interval_seconds = min(asked.interval_seconds + SLOWER, SLOWEST)
    asked.save(update_fields=["polled_at", "interval_seconds"])
    if early:
        wait = {"seconds": asked.interval_seconds}
        return PollError("slow_down", _("Ask every %(seconds)d seconds.") % wait)
    return PollError("authorization_pending", _("Nobody has answered yet."))


def _hand_out(asked: DeviceRequest, now: datetime) -> tuple[ApiToken, str]:
    assert asked.user is not None
    assert asked.token_days is not None
    token, secret = issue_token(
        actor=asked.user, name=asked.token_name, scopes=asked.given_scopes, days=asked.token_days, now=now
    )
    asked.token, asked.state = token, State.USED
    asked.save()
    labels = [Scope(scope).label for scope in token.scopes]
    words = {"token": token, "asked": asked, "labels": labels}
    queue_mail(template="device_signed_in", context=words, user=asked.user, now=now, about="account")
    return token, secret
