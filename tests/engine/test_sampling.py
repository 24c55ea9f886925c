"""The choice of the next token: ties, filters, penalties, and random numbers that neighbours cannot touch."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.engine.errors import OptionError
from inference_worker.engine.kernels import plain
from inference_worker.engine.kernels.chosen import Kernels
from inference_worker.engine.kernels.cpu import CpuKernels
from inference_worker.engine.kernels.wishes import uniform
from inference_worker.engine.sampling import sample as sample_by
from inference_worker.engine.sequence import Request, SamplingOptions, Sequence
from inference_worker.engine.tokenizer import Tokenizer

# Shares 0.4, 0.3, 0.2, 0.1 in an order that is neither rising nor falling.
LOGITS = torch.tensor([0.2, 0.4, 0.1, 0.3]).log()


used: Kernels = plain


@pytest.fixture(autouse=True, params=["torch", "compiled"])
def both_kernels(request: pytest.FixtureRequest) -> None:
    """Every promise is kept by both."""
    global used
    found = CpuKernels.load(torch.float32) if request.param == "compiled" else plain
    if found is None:
        pytest.skip("no C++ compiler here: the torch path is used")
    used = found


def sample(logits: torch.Tensor, sequences: list[Sequence]) -> list[int]:
    return sample_by(logits, sequences, used)


def sequence(tokenizer: Tokenizer, generated: tuple[int, ...] = (), **options: Any) -> Sequence:
    made = Sequence(0, Request((1,), SamplingOptions(**{"max_tokens": 1000, **options})), tokenizer)
    for token_id in generated:
        made.advance(token_id)
    return made


def drawn(tokenizer: Tokenizer, count: int, **options: Any) -> Counter[int]:
    """How often each of the four tokens is drawn, over as many seeds."""
    rows = [sequence(tokenizer, seed=seed, **options) for seed in range(count)]
    return Counter(sample(LOGITS.expand(count, 4), rows))


def test_temperature_0_takes_the_lowest_id_of_equal_logits(tokenizer: Tokenizer) -> None:
    logits = torch.tensor([[0.0, 5.0, 5.0, 5.0]])
    assert sample(logits, [sequence(tokenizer, temperature=0)]) == [1]


def test_temperature_1_draws_by_probability(tokenizer: Tokenizer) -> None:
    counts = drawn(tokenizer, 4000)
    shares = np.array([counts[n] / 4000 for n in range(4)])
    assert np.abs(shares - [0.2, 0.4, 0.1, 0.3]).max() < 0.03


def test_a_higher_temperature_flattens_by_its_root(tokenizer: Tokenizer) -> None:
    counts = drawn(tokenizer, 4000, temperature=2.0)
    roots = np.sqrt([0.2, 0.4, 0.1, 0.3])
    shares = np.array([counts[n] / 4000 for n in range(4)])
    assert np.abs(shares - roots / roots.sum()).max() < 0.03


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-9])
def test_the_tiniest_temperature_is_greedy_and_not_nan(tokenizer: Tokenizer, temperature: float) -> None:
    assert set(drawn(tokenizer, 50, temperature=temperature)) == {1}


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(1.0, {0, 1, 2, 3}), (0.95, {0, 1, 2, 3}), (0.85, {0, 1, 3}), (0.65, {1, 3}), (0.3, {1}), (5e-324, {1})],
)
def test_top_p_keeps_the_fewest_that_reach_its_share(tokenizer: Tokenizer, top_p: float, kept: set[int]) -> None:
    assert set(drawn(tokenizer, 400, top_p=top_p)) == kept


@pytest.mark.parametrize(("top_k", "kept"), [(1, {1}), (2, {1, 3}), (3, {0, 1, 3}), (9, {0, 1, 2, 3})])
def test_top_k_keeps_the_likeliest(tokenizer: Tokenizer, top_k: int, kept: set[int]) -> None:
    assert set(drawn(tokenizer, 400, top_k=top_k)) == kept


def test_top_p_counts_shares_of_what_top_k_left(tokenizer: Tokenizer) -> None:
    # Of 0.4 and 0.3 the first alone has a share of 0.57.
    assert set(drawn(tokenizer, 400, top_k=2, top_p=0.55)) == {1}
    assert set(drawn(tokenizer, 400, top_k=2, top_p=0.6)) == {1, 3}


def test_filters_break_ties_by_the_lowest_id(tokenizer: Tokenizer) -> None:
    rows = [sequence(tokenizer, seed=seed, top_k=2) for seed in range(100)]
    assert set(sample(torch.zeros(100, 6), rows)) == {0, 1}


def test_bias_forces_and_forbids(tokenizer: Tokenizer) -> None:
    assert set(drawn(tokenizer, 100, logit_bias={2: 100})) == {2}
    assert 1 not in drawn(tokenizer, 400, logit_bias={1: -100})
    assert sample(LOGITS[None], [sequence(tokenizer, temperature=0, logit_bias={1: -100.0})]) == [3]


def test_penalties_count_generated_tokens_only(tokenizer: Tokenizer) -> None:
    options = {"presence_penalty": 0.5, "frequency_penalty": 0.25}
    made = sequence(tokenizer, generated=(5, 5, 5, 9), logit_bias={9: 1.0}, **options)
    assert made.logit_changes() == {5: -(0.5 + 3 * 0.25), 9: 1.0 - (0.5 + 0.25)}
    assert 1 not in made.logit_changes(), "the prompt is not penalised"


def test_changes_of_one_row_leave_its_neighbours_and_the_logits_alone(tokenizer: Tokenizer) -> None:
    logits = LOGITS.repeat(2, 1)
    rows = [sequence(tokenizer, temperature=0, logit_bias={2: 100}), sequence(tokenizer, temperature=0)]
    assert sample(logits, rows) == [2, 1]
    assert torch.equal(logits, LOGITS.repeat(2, 1))


@given(seeds=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8), logit_seed=st.integers(0, 99))
def test_a_row_draws_the_same_alone_and_among_any_neighbours(
    tokenizer: Tokenizer, seeds: list[int], logit_seed: int
) -> None:
    choices: list[dict[str, Any]] = [
        {},
        {"top_p": 0.7},
        {"top_k": 5},
        {"temperature": 0},
        {"temperature": 1.7},
    ]
    logits = torch.randn(len(seeds), 50, generator=torch.Generator().manual_seed(logit_seed))
    rows = [sequence(tokenizer, seed=seed, **choices[seed % 5]) for seed in seeds]
    together = sample(logits, rows)
    assert together == [sample(logits[n : n + 1], [row])[0] for n, row in enumerate(rows)]


@given(seed=st.integers(-(2**63), 2**63 - 1), position=st.integers(0, 2**20))
def test_random_numbers_lie_in_their_interval_and_repeat(seed: int, position: int) -> None:
    number = uniform(seed, position)
    assert 0 <= number < 1
    assert number == uniform(seed, position)


def test_random_numbers_are_evenly_spread_over_seeds_and_positions() -> None:
    by_position = np.array([uniform(7, position) for position in range(10_000)])
    by_seed = np.array([uniform(seed, 7) for seed in range(10_000)])
    for numbers in (by_position, by_seed):
        histogram, _ = np.histogram(numbers, bins=20, range=(0, 1))
        assert np.abs(histogram - 500).max() < 100
        assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.05


def test_without_a_seed_each_request_gets_its_own(tokenizer: Tokenizer) -> None:
    assert sequence(tokenizer).seed != sequence(tokenizer).seed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_tokens", -1),
        ("max_tokens", 1.5),
        ("max_tokens", True),
        ("max_tokens", 10**400),
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("temperature", "1"),
        ("top_p", 0),
        ("top_p", 1.01),
        ("top_k", 0),
        ("seed", 2**63),
        ("seed", 1.0),
        ("presence_penalty", 2.5),
        ("frequency_penalty", float("-inf")),
        ("logit_bias", {3: 101}),
        ("logit_bias", {3: None}),
        ("logprobs", 6),
        ("logprobs", -1),
        ("stop", "text"),
        ("stop", (1,)),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(OptionError, match=name) as refusal:
        SamplingOptions(**{name: value})  # type: ignore[arg-type]
    assert (refusal.value.code, refusal.value.param) == ("invalid_value", name)
