"""The two plots of the public page; a count that is hidden is not drawn."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.reports.plots import Plot, Series, bar_plot, line_plot
from access_portal.reports.small_numbers import Hidden
from access_portal.reports.transparency import Transparency


def ended_plot(page: Transparency) -> Plot:
    """How applications ended: the reasons by their numbers in the table, as their titles are long."""
    lines = page.ended[:-1]
    values = [None if isinstance(line.count, Hidden) else line.count for line in lines]
    drawn = sum(value is not None for value in values)
    summary = _now("Each bar is a row of the table below, in its order; %(drawn)d of %(rows)d are drawn.") % {
        "drawn": drawn, "rows": len(lines),
    }  # fmt: skip
    labels = [str(n) for n in range(1, len(lines) + 1)]
    series = [Series(_("applications"), values)]
    return bar_plot(_("How applications ended"), labels, series, _("applications"), summary)


def waits_plot(page: Transparency) -> Plot:
    """The last row of the table of times: all models together."""
    cells = page.waits[-1].cells
    labels = [f"{first:%Y-%m}" for first, _last in page.quarters]
    summary = _now("Of all models together, for each three months from the month that is named.")
    series = [
        Series(_("nine in ten within"), [cell.nine_in_ten for cell in cells]),
        Series(_("half within"), [cell.half for cell in cells]),
    ]
    return line_plot(_("Days to the first answer"), labels, series, _("days"), summary)
