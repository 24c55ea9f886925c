"""The engine lifted out and used alone: installed by pip, without the rest of the house."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import inference_worker.engine
from inference_worker.engine.engine import Engine

from . import factories

pytestmark = pytest.mark.service
SOURCE = Path(inference_worker.engine.__path__[0])
LEFTOVERS = ("__pycache__", "build", "*.egg-info")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by setuptools as it is installed here, since a test asks nobody on the Internet."""
    folder = tmp_path_factory.mktemp("packaging")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns(*LEFTOVERS))
    words = ["install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(folder / "site")]
    subprocess.run([sys.executable, "-m", "pip", *words, str(folder / "source")], check=True)
    return folder / "site"


def run(installed: Path, *words: str) -> str:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "HOME": str(installed / "home")}
    done = subprocess.run(words, cwd=installed, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_is_there_with_the_source_of_the_kernels(installed: Path) -> None:
    own = installed / "gatehouse_engine"
    for pattern in ("*.py", "*.cpp"):
        wanted = {path.relative_to(SOURCE) for path in SOURCE.rglob(pattern) if "build" not in path.parts}
        assert wanted == {path.relative_to(own) for path in own.rglob(pattern)}


def test_its_command_gives_the_answers_of_the_engine(installed: Path, checkpoint: Path, engine: Engine) -> None:
    words = ["generate", str(checkpoint), "Call me", "--max-tokens", "6"]
    told = run(installed, str(installed / "bin" / "gatehouse-engine"), *words)
    assert told == factories.run(engine, "Call me", max_tokens=6, echo=True).text + "\n"


def test_the_example_in_its_readme_runs(installed: Path, checkpoint: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (SOURCE / "README.md").read_text(), re.DOTALL)
    example = example.replace('Path("7B")', f"Path({str(checkpoint)!r})").replace("max_tokens=50", "max_tokens=20")
    told = run(installed, sys.executable, "-c", f"{example}\nprint(completion.completion_token_count)")
    assert 0 < int(told.splitlines()[-1]) <= 20


def test_it_wants_torch_and_sentencepiece_and_nothing_else(installed: Path) -> None:
    [metadata] = installed.glob("gatehouse_engine-*.dist-info/METADATA")
    needed = re.findall(r"^Requires-Dist: ([\w-]+)", metadata.read_text(), re.MULTILINE)
    assert set(needed) == {"torch", "sentencepiece"}
