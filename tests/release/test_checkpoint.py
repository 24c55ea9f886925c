"""The check's own process dies in ways that no file was found to cause; what it died of is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from release import checkpoint
from release.checkpoint import checkpoint_shape
from release.errors import ReleaseFilesError

KILL = "import os, signal; os.kill(os.getpid(), signal.{})"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (KILL.format("SIGKILL"), "too little memory"),
        (KILL.format("SIGXCPU"), "more processor time"),
        (KILL.format("SIGSEGV"), "Segmentation fault"),
        ("import os\nos.write(2, b'std::bad_alloc\\n')\nos.abort()", "Aborted.*std::bad_alloc"),
        ("raise MemoryError", "status 1.*MemoryError"),
        ("raise OSError('\\x1b[2Jno disk')", r"status 1.*\[2Jno disk"),
        ("print('neither this nor that')", "status 0"),
        ("import sys\nsys.exit(3)", "status 3"),
    ],
)
def test_a_check_that_dies_tells_of_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    package = tmp_path / "code" / "release" / "checking"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(program)
    monkeypatch.setattr(checkpoint, "PACKAGE_ROOT", tmp_path / "code")
    with pytest.raises(ReleaseFilesError, match=words) as refused:
        checkpoint_shape(tmp_path)
    assert refused.value.explanation.startswith("The check of the weights ended early")
    assert refused.value.explanation.isprintable()
