"""Gigabytes as people write and read them, of a thousand millions; programs count bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import number_format

GIGABYTE = 10**9
LARGEST_BYTES = 10**15


def size_words(count: int) -> str:
    """`13.5 GB`: in the largest unit that is not larger than it, with one digit behind the point, cut off."""
    units = [(10**12, "TB"), (GIGABYTE, "GB"), (10**6, "MB"), (1000, "kB"), (1, "B")]
    unit, name = next((pair for pair in units if count >= pair[0]), units[-1])
    tenths = count * 10 // unit
    return f"{number_format(Decimal(tenths) / 10, 1 if tenths % 10 else 0)}\N{NO-BREAK SPACE}{name}"


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
