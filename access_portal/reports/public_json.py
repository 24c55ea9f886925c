"""The public page for programs: the same figures under stable keys."""

from __future__ import annotations

from typing import Any

from access_portal.reports.small_numbers import FEWEST
from access_portal.reports.transparency import STANDS, Count, Transparency


def as_public_json(page: Transparency) -> dict[str, Any]:
    """A count is a number, or says in words that it is hidden; a time that too few answers would tell is null."""
    return {
        "made_at": page.now.isoformat(),
        "period": {"since": page.period.since.isoformat(), "until": page.period.until.isoformat()},
        "counts_hidden_below": FEWEST,
        "applications": {row.key: dict(zip([*STANDS, "all"], row.cells, strict=True)) for row in page.stands},
        "ended": _counts(page.ended),
        "days_to_first_answer": {
            row.key: [
                {"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}", "half": cell.half, "nine_in_ten": cell.nine_in_ten}
                for (first, last), cell in zip(page.quarters, row.cells, strict=True)
            ]
            for row in page.waits
        },
        "oldest_waiting_days": page.oldest_days,
        "appeals": _counts(page.appeals),
        "grants": _counts(page.grants),
        "statements": [{"text": s.text, "family": s.slug, "year": s.year} for s in page.statements],
    }


def _counts(lines: list[Count]) -> dict[str, Any]:
    return {line.key: line.count for line in lines}
