"""Tables of the card beside their plots, with the real facts and with odd ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from release.catalogue.evaluation import Evaluation, evaluations
from release.catalogue.figures import mix_plot, training_cost
from release.catalogue.loading import DATA
from release.catalogue.plots.bars import FOCUS, OTHER, OWN

FACTS: dict[str, Any] = json.loads((DATA / "llama.json").read_text())["family"]["facts"]
OWN_ROWS = {"LLaMA 7B", "LLaMA 13B", "LLaMA 33B", "LLaMA 65B"}


def of_the_paper(focus: set[str] = OWN_ROWS) -> dict[str, Evaluation]:
    return {found.id: found for found in evaluations(FACTS["tables"], OWN_ROWS, focus)}


def test_every_table_of_the_announcement_has_a_plot() -> None:
    found = of_the_paper()
    assert all(each.scaling or each.headline for each in found.values())
    assert {"mmlu", "code", "maths", "race", "triviaqa", "winogender", "mmlu_instruct", "crows_pairs"} <= set(found)


@pytest.mark.parametrize(("table", "row", "column", "value"), [
    ("crows_pairs", "OPT 175B", "Average", 69.5), ("winogender", "LLaMA 65B", "All", 77.5),
    ("mmlu_instruct", "LLaMA-I 65B", "Average", 68.9), ("mmlu", "GPT-3 175B", "Average", 43.9),
])  # fmt: skip
def test_figures_are_those_of_the_paper(table: str, row: str, column: str, value: float) -> None:
    found = of_the_paper()[table]
    values = next(each.values for each in found.rows if each.name == row)
    assert values[list(found.columns).index(column)] == value


def test_the_comparators_that_the_announcement_names_are_there() -> None:
    names = {row.name for found in of_the_paper().values() for row in found.rows}
    assert {"GPT-3 175B", "Chinchilla 70B", "PaLM 540B", "Gopher 280B"} <= names


def test_what_the_source_leaves_out_is_not_drawn() -> None:
    plot = next(plot for plot in of_the_paper()["common_sense"].others if plot.heading == "SIQA")
    assert "GPT-3 175B" not in {bar.name for bar in plot.bars}


def test_the_model_of_the_page_its_family_and_others_are_told_apart() -> None:
    kinds = {row.name: row.kind for row in of_the_paper({"LLaMA 33B"})["mmlu"].rows}
    assert (kinds["LLaMA 33B"], kinds["LLaMA 7B"], kinds["PaLM 8B"]) == (FOCUS, OWN, OTHER)


def test_where_less_is_better_the_best_is_the_least() -> None:
    plot = of_the_paper()["toxicity"].headline
    assert plot is not None
    assert "LLaMA 13B with 0.104" in plot.summary
    assert "Lower is better" in plot.summary


def test_a_table_of_one_row_has_no_plot() -> None:
    table = {"id": "x", "title": "X", "source": "s", "columns": ["a"], "rows": [{"name": "Q 5M", "values": [1.0]}]}
    found = evaluations([table], {"Q 5M"}, {"Q 5M"})[0]
    assert (found.scaling, found.headline, list(found.others)) == (None, None, [])


def test_training_data_and_cost_are_drawn_and_their_absence_is_no_fault() -> None:
    plot = mix_plot(FACTS["data_mix"])
    assert plot is not None
    assert plot.bars[0].value == "67.0 %"
    cost = training_cost(FACTS["training_cost"], OWN_ROWS, OWN_ROWS)
    assert cost is not None
    assert len(cost.plots) == 3
    assert mix_plot(None) is mix_plot({"columns": ["a"], "rows": [], "title": ""}) is None
    assert training_cost(None, set(), set()) is None
