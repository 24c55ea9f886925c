"""Which rows and columns of a parameter a file holds, and which one of several devices needs."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import ModelConfig
from ..errors import ConfigError

Region = tuple[range, ...]  # a range of each axis of the whole parameter

# The axis along which tensor parallelism cuts a weight [outputs, inputs]; what is not here is whole on every device.
DEVICE_AXIS = {"wq": 0, "wk": 0, "wv": 0, "wo": 1, "w1": 0, "w2": 1, "w3": 0, "output": 0}

# Meta's training cut the embeddings as well, over the hidden dimension, and so its files have them.
FILE_AXIS = DEVICE_AXIS | {"tok_embeddings": 1}


@dataclass(frozen=True)
class Part:
    """The share of one of `count` devices: its own heads, columns of the feed-forward and rows of the output.

    Raises ConfigError when there is no such part.
    """

    rank: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if type(self.rank) is not int or type(self.count) is not int or not 0 <= self.rank < self.count:
            raise ConfigError(f"there is no part {self.rank!r} of {self.count!r}: ranks run from 0 to count - 1")

    def check(self, config: ModelConfig) -> None:
        """Raises ConfigError when a head or a column would have to be cut in two."""
        for name in ("n_heads", "n_kv_heads", "ffn_dim"):
            size = getattr(config, name)
            if size % self.count:
                raise ConfigError(f"{name} {size} cannot be shared by {self.count} devices")

    def region(self, name: str, shape: tuple[int, ...]) -> Region:
        """What this device needs of a parameter; of the output, parts may differ by a row."""
        axis = DEVICE_AXIS.get(kind(name))
        return tuple(self._share(size) if i == axis else range(size) for i, size in enumerate(shape))

    def _share(self, size: int) -> range:
        return range(self.rank * size // self.count, (self.rank + 1) * size // self.count)


WHOLE = Part()


def kind(name: str) -> str:
    """`wq` of `layers.0.attention.wq.weight`."""
    return name.split(".")[-2]


def overlap(one: Region, other: Region) -> Region:
    return tuple(range(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))


def within(region: Region, outer: Region) -> tuple[slice, ...]:
    """The index of `region` in a tensor that holds `outer`."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(region, outer, strict=True))


def size_of(region: Region) -> tuple[int, ...]:
    return tuple(len(axis) for axis in region)
