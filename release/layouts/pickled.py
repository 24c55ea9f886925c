"""The pickle inside a `.pth` file, read without unpickling: what it says about tensors, and nothing else.

Unpickling calls what the file names. This reader has no call: it walks the opcodes that PyTorch writes for a dictionary
of plain tensors, and stops at the first that is not among them. A global is a pair of words to it, and a "call" of
one of the four functions that PyTorch writes only arranges its arguments. So there is nothing to keep up to date about
which functions are dangerous.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from release.layouts.tensors import DType

MAX_PICKLE_BYTES = 1024 * 1024  # the 723 tensors of a 65B shard take 100 kB

STORAGES = {"FloatStorage": DType.F32, "HalfStorage": DType.F16, "BFloat16Storage": DType.BF16}
TENSOR, PARAMETER = ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")
ORDERED = ("collections", "OrderedDict")
SIZE = ("torch", "Size")


class PickleRefusedError(Exception):
    """The message ends a sentence that begins with the file's name; `tensor` is the name it was about, if known."""

    def __init__(self, reason: str, tensor: str = "") -> None:
        super().__init__(reason)
        self.tensor = tensor


@dataclass(frozen=True)
class Global:
    """A name that unpickling would import."""

    module: str
    name: str


@dataclass(frozen=True)
class StorageClaim:
    """`key` names the record of the archive that holds the numbers, of which there are `length`."""

    key: str
    storage: str  # `HalfStorage`
    length: int


@dataclass(frozen=True)
class TensorClaim:
    """What the pickle says of a tensor; nothing of it is verified. `start` and `strides` count numbers, not bytes."""

    storage: StorageClaim
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def dtype(self) -> DType | None:
        """None for what no LLaMA is made of."""
        return STORAGES.get(self.storage.storage)


def read_claims(content: bytes) -> dict[str, Any]:
    """The dictionary in this pickle, its values TensorClaim or whatever else was there; raises PickleRefusedError."""
    if len(content) > MAX_PICKLE_BYTES:
        raise PickleRefusedError("has a table of contents of extraordinary size")
    machine = _Machine()
    try:
        for opcode, argument, _place in pickletools.genops(content):
            machine.step(opcode.name, argument)
    except PickleRefusedError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, UnicodeError, AttributeError):
        raise PickleRefusedError("has a damaged table of contents") from None
    found = machine.stack[0] if len(machine.stack) == 1 else None
    if not isinstance(found, dict):
        raise PickleRefusedError("does not hold a dictionary of tensors by name")
    return found


class _Machine:
    """A stack and a memo, as pickle's own, that only ever hold words, numbers, tuples, dictionaries and claims."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, StorageClaim] = {}

    def step(self, name: str, argument: Any) -> None:
        action = _ACTIONS.get(name)
        if action is None:
            raise PickleRefusedError(f"holds more than plain tensors, or carries code (pickle opcode {name[:40]})")
        action(self, argument)

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        return list(self.take(len(self.stack) - self.marks.pop()))

    def take(self, number: int) -> tuple[Any, ...]:
        place = len(self.stack) - number
        if place < 0 or number < 0:
            raise IndexError
        values = tuple(self.stack[place:])
        del self.stack[place:]
        return values

    def name_global(self, argument: str) -> None:
        module, name = argument.split(" ", 1)
        known = {TENSOR, PARAMETER, ORDERED, SIZE}
        if (module, name) not in known and not (module == "torch" and name.endswith("Storage")):
            raise PickleRefusedError(f"holds more than plain tensors, or carries code ({module[:60]}.{name[:60]})")
        self.push(Global(module, name))

    def call(self) -> None:
        function, arguments = self.take(2)
        called = (function.module, function.name)
        if called == ORDERED and arguments == ():
            self.push({})
        elif called == TENSOR:
            self.push(_tensor(arguments))
        elif called == PARAMETER and isinstance(arguments[0], TensorClaim):
            self.push(arguments[0])
        elif called == SIZE:
            self.push(_counts(arguments[0]))
        else:
            raise PickleRefusedError("holds more than plain tensors, or carries code")

    def storage(self) -> None:
        (claim,) = self.take(1)
        kind, storage, key, _device, length = claim
        if kind != "storage" or storage.module != "torch" or not isinstance(key, str) or type(length) is not int:
            raise ValueError
        found = StorageClaim(key, storage.name, length)
        if self.storages.setdefault(key, found) != found:  # torch gives all of its tensors what was said first
            raise PickleRefusedError(f"says of the record data/{key[:20]} that it holds numbers of two types or counts")
        self.push(found)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise ValueError
        for name, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(name, str):  # hashing anything deeper could take for ever
                raise PickleRefusedError("does not hold a dictionary of tensors by name")
            if name in target:
                raise PickleRefusedError("is named twice", name)
            target[name] = value

    def forget_attributes(self) -> None:
        """An ordered dictionary of `state_dict()` carries version numbers of modules, which say nothing to us."""
        target, _attributes = self.take(2)
        if not isinstance(target, dict):
            raise PickleRefusedError("holds more than plain tensors, or carries code")
        self.push(target)


def _tensor(arguments: tuple[Any, ...]) -> TensorClaim:
    if len(arguments) != 6:  # a seventh has torch turn the numbers round or conjugate them when it loads them
        raise PickleRefusedError("holds more than plain tensors: one is marked for a change of its numbers")
    storage, start, shape, strides, _gradient, _hooks = arguments
    if not isinstance(storage, StorageClaim) or type(start) is not int:
        raise ValueError
    return TensorClaim(storage, start, _counts(shape), _counts(strides))


def _counts(values: Any) -> tuple[int, ...]:
    if not isinstance(values, tuple) or len(values) > 8 or not all(type(value) is int for value in values):
        raise ValueError
    return values


def _remember(machine: _Machine, place: int) -> None:
    machine.memo[place] = machine.stack[-1]


def _recall(machine: _Machine, place: int) -> None:
    machine.push(machine.memo[place])


def _value(machine: _Machine, argument: Any) -> None:
    machine.push(argument)


_Action = Callable[[_Machine, Any], None]
_ACTIONS: dict[str, _Action] = {
    "PROTO": lambda machine, argument: None,
    "STOP": lambda machine, argument: None,
    "MARK": lambda machine, argument: machine.marks.append(len(machine.stack)),
    "EMPTY_DICT": lambda machine, argument: machine.push({}),
    "EMPTY_TUPLE": lambda machine, argument: machine.push(()),
    "TUPLE": lambda machine, argument: machine.push(tuple(machine.since_mark())),
    "TUPLE1": lambda machine, argument: machine.push(machine.take(1)),
    "TUPLE2": lambda machine, argument: machine.push(machine.take(2)),
    "TUPLE3": lambda machine, argument: machine.push(machine.take(3)),
    "NONE": lambda machine, argument: machine.push(None),
    "NEWTRUE": lambda machine, argument: machine.push(True),
    "NEWFALSE": lambda machine, argument: machine.push(False),
    "GLOBAL": lambda machine, argument: machine.name_global(argument),
    "REDUCE": lambda machine, argument: machine.call(),
    "BINPERSID": lambda machine, argument: machine.storage(),
    "SETITEM": lambda machine, argument: machine.set_items(list(machine.take(2))),
    "SETITEMS": lambda machine, argument: machine.set_items(machine.since_mark()),
    "BUILD": lambda machine, argument: machine.forget_attributes(),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "BINFLOAT"), _value),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _recall),
}
