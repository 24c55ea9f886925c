"""Web processes count tokens and build requests; importing what they need must not import torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "module", ["tokenizer", "errors", "config", "sequence", "completion", "scheduler", "checkpoint.folder"]
)
def test_a_web_process_can_import_it_without_torch(module: str) -> None:
    code = f"import sys, inference_worker.engine.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_engine_itself_imports_torch() -> None:
    code = "import sys, inference_worker.engine.engine; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 1


def test_the_engine_package_and_its_parent_import_nothing() -> None:
    for package in ("inference_worker", "inference_worker/engine"):
        assert (ROOT / package / "__init__.py").read_text() == ""
