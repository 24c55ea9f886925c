"""Asking `release.checking` about a folder, in a process of its own that knows none of our secrets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.utils.translation import gettext as _

from release.client.manifest import Layout
from release.client.wording import printable
from release.errors import ReleaseFilesError
from release.layouts.errors import Unloadable

log = structlog.get_logger(__name__)

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
# One thread: the arithmetic library would take memory for one on each core before the check can limit it.
PYTHON = {"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
LAST_LINES = 30  # that go into the log
WAIT_SECONDS, BYTES_PER_SECOND = 300, 20_000_000


@dataclass(frozen=True)
class CheckpointShape:
    """What the weights of a folder are.

    `dimensions`, named as in the catalogue: dim, n_layers, n_heads, n_kv_heads, ffn_hidden, vocab_size, parameters, and
    shards where Meta's layout is there. `dtype` is that of most numbers: bfloat16, float16 or float32. `network` tells
    what kept the check from the network: "namespace", or "audit hook" where the system allows no namespace.
    """

    dimensions: dict[str, int]
    dtype: str
    layouts: frozenset[Layout]
    network: str


def checkpoint_shape(folder: Path, *, within: Path | None = None) -> CheckpointShape:
    """The LLaMA in `folder`, in either layout or both; raises ReleaseFilesError naming file and tensor.

    All that is to be published lies `within`, which is the same folder unless told.
    """
    folder = folder.resolve()
    within = (within or folder).resolve()
    size = sum(path.stat().st_size for path in within.rglob("*") if path.is_file())
    try:
        answer = subprocess.run(  # noqa: S603 - our own module, the folder is an argument and not a command
            [sys.executable, "-m", "release.checking", str(folder), str(within)],
            cwd=PACKAGE_ROOT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", **PYTHON},
            capture_output=True,
            timeout=WAIT_SECONDS + size // BYTES_PER_SECOND,
            check=False,
        )
        found = json.loads(answer.stdout)
    except subprocess.TimeoutExpired:
        raise _refused(_("Checking the weights took too long.")) from None
    except ValueError:
        raise _refused(_died(answer.returncode, answer.stderr)) from None
    if "dimensions" in found:
        layouts = frozenset(Layout(name) for name in found["layouts"])
        return CheckpointShape(found["dimensions"], found["dtype"], layouts, found["network"])
    # Made anew, since a file that took over the check could have it say anything.
    finding = Unloadable(found["file"], found["reason"], found["tensor"])
    tensor = _(", tensor %s") % finding.tensor if finding.tensor else ""
    raise _refused(f"{finding.file or _('The folder')}{tensor}: {finding.reason}.", finding.file)


def _died(status: int, errors: bytes) -> str:
    """What the process died of; its last line is all that it could still say."""
    lines = [printable(line) for line in errors.decode(errors="replace").splitlines() if line.strip()]
    log.error("check_of_weights_died", status=status, last_lines=lines[-LAST_LINES:])
    if status == -signal.SIGKILL:
        cause = _("it was killed, most likely because this machine has too little memory left")
    elif status == -signal.SIGXCPU:
        cause = _("it took more processor time than files of this size need")
    elif status < 0:
        cause = _("it was ended by a signal (%s)") % (signal.strsignal(-status) or -status)
    else:
        cause = _("it ended with status %d") % status
    words = _("The check of the weights ended early: %s.") % cause
    return f"{words} {_('Its last words: %s') % lines[-1]}" if lines else words


def _refused(explanation: str, path: str = "") -> ReleaseFilesError:
    return ReleaseFilesError(
        "checkpoint_unloadable",
        explanation,
        _(
            "A release must load as a LLaMA, in Meta's layout or in Hugging Face's. "
            "Nothing was stored; repair the files and stage again."
        ),
        path=path,
    )
