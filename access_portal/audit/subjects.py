"""The names of chains, worked out by the database: for questions about the events of many cases at once."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat


def subjects_of(rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
    """`application:GH-2026-00001` and so on, of rows that have a `number`; a subquery, however many there are."""
    found: QuerySet[Any] = rows.order_by().annotate(chain=Concat(Value(f"{kind}:"), F("number"))).values("chain")
    return found
