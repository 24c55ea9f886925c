"""`python -m release.checking FOLDER WITHIN`: the check as a process of its own, started by `release.checkpoint`.

The weights lie in FOLDER, all that is to be published WITHIN.

It reads files that somebody else made, so it gives up all that it does not need first. It prints one JSON object:
{"dimensions", "dtype", "layouts", "network"}, or {"file", "tensor", "reason", "network"}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from release.checking.folder import check
from release.checking.sandbox import enter
from release.layouts.errors import Unloadable


def answer(folder: Path, within: Path) -> dict[str, Any]:
    """What was found, as it is printed."""
    try:
        found = check(folder, within)
    except Unloadable as finding:
        return {"file": finding.file, "tensor": finding.tensor, "reason": finding.reason}
    except MemoryError:
        return {"file": "", "tensor": "", "reason": "needs more memory to read than any LLaMA does"}
    return {"dimensions": found.dimensions, "dtype": found.dtype, "layouts": sorted(found.layouts)}


def main(folder: Path, within: Path) -> None:
    network = enter(sum(path.stat().st_size for path in within.rglob("*") if path.is_file()))
    print(json.dumps({**answer(folder, within), "network": network}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
