"""What an approval gives, checked when it is built."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from access_portal.errors import InvalidError
from access_portal.gigabytes import LARGEST_BYTES

LONGEST_MONTHS = 24
USUAL_MONTHS = 12
USUAL_QUOTA = 1_000_000  # tokens, where nobody named a figure
LARGEST_QUOTA = 10**12  # tokens


@dataclass(frozen=True)
class Terms:
    """The decider's choices; raises InvalidError that names the field at fault."""

    duration_months: int
    token_quota: int  # tokens of inference over the life of the grant
    may_download: bool
    may_infer: bool
    variants: tuple[str, ...]  # slugs
    reason: str
    whole_family: bool = False  # every size, later ones included; then `variants` says nothing
    bytes_per_day: int | None = None  # of downloads; None: as the house has it
    lab_name: str = ""  # a grant for a lab, which the holder answers for; empty: for one person

    def __post_init__(self) -> None:
        if not 1 <= self.duration_months <= LONGEST_MONTHS:
            raise InvalidError("bad_duration", _("A grant lasts from 1 to 24 months."), field="duration_months")
        if not 0 <= self.token_quota <= LARGEST_QUOTA:
            raise InvalidError("bad_quota", _("Give a number of tokens from 0 up."), field="token_quota")
        if self.bytes_per_day is not None and not 1 <= self.bytes_per_day <= LARGEST_BYTES:
            raise InvalidError("bad_bytes", _("Give a number of bytes a day from 1 up."), field="bytes_per_day")
        if not (self.may_download or self.may_infer):
            raise InvalidError("nothing_granted", _("Allow downloads, inference or both."), field="may_download")
        if self.may_infer and self.token_quota == 0:
            raise InvalidError("no_quota", _("Inference needs a number of tokens."), field="token_quota")
        if not self.variants and not self.whole_family:
            raise InvalidError("no_sizes", _("Choose at least one size, or the whole family."), field="variants")
        if not self.reason.strip():
            raise InvalidError("no_reason", _("Say why you approve it."), field="reason")

    def ends_at(self, start: datetime) -> datetime:
        """The same day of the month after the duration, or the last day of a shorter month."""
        years, month = divmod(start.month - 1 + self.duration_months, 12)
        year, month = start.year + years, month + 1
        return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))


def asked_terms(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a decider begins from: as it was asked for, for the usual time."""
    may_infer = bool(answers.get("needs_inference"))
    return {
        "duration_months": USUAL_MONTHS,
        "may_download": bool(answers.get("needs_download")),
        "may_infer": may_infer,
        "token_quota": (answers.get("estimated_tokens") or USUAL_QUOTA) if may_infer else 0,
        "variants": answers.get("sizes", []),
    }
