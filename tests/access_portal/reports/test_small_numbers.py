"""Nothing public points to a person, directly or as a difference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from access_portal.reports.small_numbers import Hidden, veil, veil_list, with_sums

counts = st.integers(0, 30)
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(counts, min_size=width, max_size=width), min_size=1, max_size=5)
)


def test_one_to_four_are_hidden_and_nothing_and_five_are_not() -> None:
    assert veil_list([0, 1, 4, 5]) == [0, Hidden.FEW, Hidden.FEW, 5, 10]


def test_a_single_hidden_count_takes_the_next_smallest_with_it() -> None:
    assert veil_list([3, 9, 7]) == [Hidden.FEW, 9, Hidden.WITHHELD, 19]
    assert veil([[3, 9], [6, 8]])[0][:2] == [Hidden.FEW, Hidden.WITHHELD]


def test_of_a_single_person_the_sum_is_hidden_as_well() -> None:
    assert veil_list([1, 0]) == [Hidden.FEW, 0, Hidden.FEW]


def test_nothing_at_all_is_an_empty_table() -> None:
    assert veil([]) == []
    assert veil_list([]) == [0]


@given(tables)
def test_no_row_and_no_column_gives_a_hidden_count_away(table: list[list[int]]) -> None:
    cells = veil(table)
    for line in [*cells, *map(list, zip(*cells, strict=True))]:
        assert sum(isinstance(cell, Hidden) for cell in line) != 1


@given(tables)
def test_what_is_shown_is_true_and_never_small(table: list[list[int]]) -> None:
    for row, cells in zip(with_sums(table), veil(table), strict=True):
        for count, cell in zip(row, cells, strict=True):
            assert cell == count if isinstance(cell, int) else count > 0
            assert not (isinstance(cell, int) and 0 < cell < 5)
            assert (cell == Hidden.FEW) == (0 < count < 5)
