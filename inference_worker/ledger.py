"""The token ledger: tokens are held back before a batch runs, and charged exactly once when it has ended.

The account's totals only make a reservation one conditional UPDATE; the entries are the record, and append-only.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from access_portal.errors import GatehouseError
from access_portal.grants.models import Grant
from inference_worker.models import Batch, LedgerEntry, QuotaAccount

log = structlog.get_logger(__name__)


class QuotaShortError(GatehouseError):
    """`remaining` is what the grant still has, in tokens."""

    status = 429

    def __init__(self, remaining: int, wanted: int) -> None:
        short = _("This needs up to %(wanted)d tokens, and your grant has %(remaining)d left.")
        super().__init__(
            "insufficient_quota",
            short % {"wanted": wanted, "remaining": remaining} if remaining else _("Your grant has no tokens left."),
            _("Ask for fewer lines or a smaller max_tokens, or write to us about a larger quota."),
        )
        self.remaining = remaining


def reserve(*, batch: Batch, grant: Grant, tokens: int, now: datetime) -> LedgerEntry:
    """Hold `tokens` back for a batch; raises QuotaShortError, and then nothing is held.

    The condition names columns of the updated row only: PostgreSQL asks it again after it has waited for another
    reservation, which it would not do for a joined table. The grant's number is read anew each time.
    """
    with transaction.atomic():
        quota = _quota_tokens(grant)
        account, _made = QuotaAccount.objects.get_or_create(grant=grant, defaults={"quota_tokens": quota})
        reserved = QuotaAccount.objects.filter(
            pk=account.pk, reserved_tokens__lte=quota - tokens - F("settled_tokens")
        ).update(reserved_tokens=F("reserved_tokens") + tokens, quota_tokens=quota)
        if not reserved:
            raise QuotaShortError(remaining(grant), tokens)
        return LedgerEntry.objects.create(
            account=account, batch=batch, kind=LedgerEntry.Kind.RESERVE, tokens=tokens, at=now
        )


def close(*, batch: Batch, used_tokens: int, now: datetime) -> bool:
    """Charge what a batch used and free the rest; False when it is closed already or holds nothing.

    The account's row is locked first, so that two closings come one after the other; the unique constraint stands
    behind that.
    """
    with transaction.atomic():
        held = LedgerEntry.objects.filter(batch=batch, kind=LedgerEntry.Kind.RESERVE).first()
        if held is None:
            return False
        QuotaAccount.objects.select_for_update().get(pk=held.account_id)
        if LedgerEntry.objects.filter(batch=batch, kind=LedgerEntry.Kind.CLOSE).exists():
            return False
        charged = min(used_tokens, held.tokens)
        if charged != used_tokens:  # the upper bound was wrong: our fault, so not the holder's cost
            log.error("charge_above_reservation", batch=batch.pk, used=used_tokens, reserved=held.tokens)
        LedgerEntry.objects.create(
            account_id=held.account_id, batch=batch, kind=LedgerEntry.Kind.CLOSE, tokens=charged, at=now
        )
        QuotaAccount.objects.filter(pk=held.account_id).update(
            reserved_tokens=F("reserved_tokens") - held.tokens, settled_tokens=F("settled_tokens") + charged
        )
        return True


def remaining(grant: Grant) -> int:
    """Tokens that a new reservation on this grant may still take."""
    account = QuotaAccount.objects.filter(grant=grant).first()
    taken = 0 if account is None else account.reserved_tokens + account.settled_tokens
    return max(0, _quota_tokens(grant) - taken)


def charged(batch: Batch) -> int | None:
    """Tokens that the batch was charged; None until it has ended, and for one that never reserved any."""
    return _tokens(batch, LedgerEntry.Kind.CLOSE)


def reserved(batch: Batch) -> int | None:
    """Tokens that were held back for the batch, whether or not it has ended."""
    return _tokens(batch, LedgerEntry.Kind.RESERVE)


def _quota_tokens(grant: Grant) -> int:
    return Grant.objects.values_list("token_quota", flat=True).get(pk=grant.pk)


def _tokens(batch: Batch, kind: LedgerEntry.Kind) -> int | None:
    return LedgerEntry.objects.filter(batch=batch, kind=kind).values_list("tokens", flat=True).first()
