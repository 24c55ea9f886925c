"""Weights in fewer bits, made when a model is loaded: int8 with a scale for each output, int4 with one for each group.

Only the weights: what is computed with them stays in the dtype of the model. Both round to the nearest step.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .errors import ConfigError
from .linear import Unfused

FEW_ROWS = 4  # up to so many a CPU reads int8 as it is; for more, unpacking it once for all of them is faster
GROUP = 64  # inputs that share a scale in int4


class Int8Linear(Unfused):
    """weight [outputs, inputs] as int8 times a scale for each output; the largest weight of each becomes 127."""

    def __init__(self, weight: Tensor) -> None:
        scale = weight.float().abs().amax(1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny) / 127
        self._weight = (weight.float() / scale).round_().to(torch.int8)
        self._scale = scale.squeeze(1).to(weight.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu" and x.dtype == torch.bfloat16 and len(x) <= FEW_ROWS:
            return torch._weight_int8pack_mm(x, self._weight, self._scale)
        return functional.linear(x, self._weight.to(x.dtype)).mul_(self._scale)


class Int4Linear(Unfused):
    """weight [outputs, inputs] in 16 steps from the least to the largest of each group; raises ConfigError.

    In the form of torch's own kernels, which take bf16 alone.
    """

    def __init__(self, weight: Tensor) -> None:
        outputs, inputs = weight.shape
        if weight.dtype != torch.bfloat16:
            raise ConfigError("int4 weights go with dtype bfloat16 alone.")
        if inputs % GROUP or outputs % 32:
            raise ConfigError(f"int4 weights need inputs in groups of {GROUP}; this model has {inputs} x {outputs}.")
        groups = weight.float().view(outputs, -1, GROUP)
        least, most = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
        scale = ((most - least) / 15).clamp(min=torch.finfo(torch.float32).tiny)
        steps = ((groups - least) / scale).round_().to(torch.int32).view(outputs, inputs)
        self._is_cpu = weight.device.type == "cpu"
        if self._is_cpu:
            self._steps = torch.ops.aten._convert_weight_to_int4pack_for_cpu(steps, 1)
        else:
            pairs = (steps[:, ::2] << 4 | steps[:, 1::2]).to(torch.uint8)
            self._steps = torch.ops.aten._convert_weight_to_int4pack(pairs, 8)
        middle = least + scale * 8  # which the kernels take as the zero
        self._scales = torch.cat([scale, middle], -1).transpose(0, 1).contiguous().to(weight.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        product = torch.ops.aten._weight_int4pack_mm_for_cpu if self._is_cpu else torch.ops.aten._weight_int4pack_mm
        result: Tensor = product(x, self._steps, GROUP, self._scales)
        return result
