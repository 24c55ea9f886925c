"""Reports on grants."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.grants.models import LIVE_STATES, Grant
from access_portal.reports.figures import ENDS, Figures
from access_portal.reports.plots import Series, bar_plot
from access_portal.reports.sheets import Cell, Column, Sheet

STATES = tuple(state for state in Grant.State if state != Grant.State.UNDONE)


def grants(figures: Figures) -> Sheet:
    """One row for each state of a grant that was announced."""
    counts: Counter[str] = Counter()
    for (_family, state, _soon), count in figures.grants.items():
        counts[state] += count
    rows: list[list[Cell]] = [[state.value, str(state.label), counts[state]] for state in STATES]
    return Sheet([Column("state", _("Key")), Column("label", _("State")), Column("grants", _("Grants"))], rows)


def grants_ending(figures: Figures) -> Sheet:
    """Grants that live, by how soon they end."""
    counts: Counter[int] = Counter()
    for (_family, state, soon), count in figures.grants.items():
        if state in LIVE_STATES:
            counts[soon] += count
    begins = (0, *ENDS)
    labels = [f"{low}–{high}" for low, high in zip(begins, ENDS, strict=False)] + [f"{ENDS[-1]}+"]
    values = [counts[n] for n in range(len(labels))]
    summary = _now("%(count)d grants are alive; %(soon)d of them end within %(days)d days.") % {
        "count": sum(values), "soon": sum(values[:-1]), "days": ENDS[-1],
    }  # fmt: skip
    plot = bar_plot(_("When grants end"), labels, [Series(_("end"), values)], _("grants"), summary)
    columns = [Column("days", _("Days until the end")), Column("grants", _("Grants"))]
    return Sheet(columns, list(zip(labels, values, strict=True)), plot)
