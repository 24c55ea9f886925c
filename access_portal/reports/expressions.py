"""SQL that both databases work out by themselves: which slice of time a moment falls in, and how long something took.

Django's own functions for dates call back into Python for each row on SQLite, which is too slow for many rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, FloatField, Func, IntegerField, Value, When
from django.db.models.sql.compiler import SQLCompiler


def slice_of(name: str, bounds: Sequence[datetime]) -> Case | Value:
    """How many of the ascending `bounds` the column `name` has reached; all of them where it is empty.

    Between two bounds lies what counts more than none and fewer than all. A tree, so that a hundred bounds cost seven
    comparisons.
    """
    return _between(name, bounds, 0, len(bounds))


def _between(name: str, bounds: Sequence[datetime], low: int, high: int) -> Case | Value:
    if low == high:
        return Value(low, output_field=IntegerField())
    middle = (low + high) // 2
    before = When(**{f"{name}__lt": bounds[middle]}, then=_between(name, bounds, low, middle))
    return Case(before, default=_between(name, bounds, middle + 1, high), output_field=IntegerField())


class SecondsBetween(Func):
    """From the second moment to the first."""

    arity = 2
    output_field = FloatField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="((julianday(%(expressions)s)) * 86400.0)", arg_joiner=") - julianday(",
            **context,
        )  # fmt: skip

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        template = "(EXTRACT(EPOCH FROM (%(expressions)s))::double precision)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **context)
