"""Weights in fewer bits: near enough to the whole ones, and as near as their steps allow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from inference_worker.engine.errors import ConfigError
from inference_worker.engine.linear import Linear
from inference_worker.engine.quantised import GROUP, Int4Linear, Int8Linear

MAKES: list[tuple[Callable[[Tensor], Linear], torch.dtype, float]] = [
    (Int8Linear, torch.float32, 0.5 / 127),
    (Int8Linear, torch.bfloat16, 0.5 / 127),
    (Int4Linear, torch.bfloat16, 0.5 / 15 * 2),
]


def weights(dtype: torch.dtype, outputs: int = 96, inputs: int = 3 * GROUP) -> Tensor:
    torch.manual_seed(8)
    return torch.randn(outputs, inputs).to(dtype)


@pytest.mark.parametrize(("make", "dtype", "step"), MAKES)
@pytest.mark.parametrize("rows", [1, 4, 5, 70])
def test_a_product_differs_by_no_more_than_half_a_step_of_each_weight(
    make: Callable[[Tensor], Linear], dtype: torch.dtype, step: float, rows: int
) -> None:
    weight = weights(dtype)
    x = torch.randn(rows, weight.shape[1]).to(dtype)
    with torch.inference_mode():
        found = make(weight)(x).float()
    exact = x.double() @ weight.double().T
    allowed = x.abs().double().sum(1, keepdim=True) * weight.abs().double().amax(1) * step
    rounding = 0 if dtype == torch.float32 else 0.02 * exact.abs() + 0.1
    assert ((found - exact).abs() <= allowed + rounding).all()
    assert (found - exact).abs().mean() < 0.1 * exact.std()


@pytest.mark.parametrize(("make", "dtype", "_step"), MAKES)
def test_what_follows_a_product_follows_it(make: Callable[[Tensor], Linear], dtype: torch.dtype, _step: float) -> None:
    x, other = torch.randn(3, 3 * GROUP).to(dtype), torch.randn(3, 96).to(dtype)
    with torch.inference_mode():
        product = make(weights(dtype))
        plain = product(x)
        torch.testing.assert_close(product.swish(x), torch.nn.functional.silu(plain))
        torch.testing.assert_close(product.times(x, other), plain * other)
        torch.testing.assert_close(product.plus(x, other), plain + other)


def test_int8_keeps_weights_that_are_steps_exactly() -> None:
    weight = torch.arange(-127, 128).float().repeat(2, 1)
    with torch.inference_mode():
        assert Int8Linear(weight)(torch.eye(255)).equal(weight.T)


@pytest.mark.parametrize("make", [Int8Linear, Int4Linear])
def test_weights_of_nothing_give_nothing(make: Callable[[Tensor], Linear]) -> None:
    with torch.inference_mode():
        assert make(torch.zeros(32, GROUP, dtype=torch.bfloat16))(torch.ones(2, GROUP).bfloat16()).abs().max() == 0


def test_int4_is_refused_where_its_kernels_cannot_do_it() -> None:
    with pytest.raises(ConfigError, match="bfloat16"):
        Int4Linear(weights(torch.float32))
    with pytest.raises(ConfigError, match="groups of 64"):
        Int4Linear(weights(torch.bfloat16, inputs=GROUP + 16))
