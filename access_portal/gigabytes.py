"""A field of forms in which people write gigabytes and programs read bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

GIGABYTE = 10**9
LARGEST_BYTES = 10**15


class GigabytesField(forms.DecimalField):
    """Whole bytes as an int, from 1 up; None where nothing is written."""

    def __init__(self, *, label: Any, help_text: Any = "", required: bool = True) -> None:
        least, most = Decimal("0.001"), Decimal(LARGEST_BYTES // GIGABYTE)
        super().__init__(
            label=label, help_text=help_text, required=required, min_value=least, max_value=most, decimal_places=3
        )

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / GIGABYTE if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        gigabytes = super().clean(value)
        return None if gigabytes is None else int(gigabytes * GIGABYTE)
