"""`batch submit`, `batch status`, `batch results`, `batch cancel`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from .. import batches
from ..batches import Batch
from ..folder import disk_errors
from ..session import Portal
from .context import Context, ended
from .options import InsecureHttp, Json, Server

app = typer.Typer(no_args_is_help=True, help="Run a file of prompts on the server.")
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The id that `submit` printed.")]


@app.command()
@ended
def submit(
    file: Annotated[Path, typer.Argument(help="JSON lines, one request each.")],
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With the same text twice, the batch begins once.")
    ] = None,
    server: Server = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> None:
    """Upload a file of prompts and start it."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    try:
        with context.portal() as portal:
            batch = batches.submit(portal, file, idempotency_key)
    except KeyboardInterrupt as stopped:
        if idempotency_key is not None:
            raise
        raise KeyboardInterrupt("`gatehouse batch status` shows whether it began all the same.") from stopped
    _show(context, batch)
    context.output.note(f"`gatehouse batch status {batch.id}` says how far it is.")


@app.command()
@ended
def status(
    batch: Annotated[str | None, typer.Argument(metavar="[BATCH]", help="One batch; all of yours if left out.")] = None,
    server: Server = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> None:
    """Show how far a batch is, or list all."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    with context.portal() as portal:
        if batch is not None:
            _show(context, batches.find(portal, batch))
            return
        found = batches.listed(portal)
    context.output.object({"batches": found})
    rows = [(each.id, each.model, each.status, _count(each)) for each in found]
    context.output.table(("Batch", "Model", "Status", "Lines"), rows)


@app.command()
@ended
def results(
    batch: BatchId,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write answers here instead of stdout.")
    ] = None,
    errors: Annotated[Path | None, typer.Option(metavar="FILE", help="Write lines that could not be run here.")] = None,
    server: Server = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> None:
    """Fetch the answers of a batch: JSON lines, each with its custom_id."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    with context.portal() as portal:
        found = batches.find(portal, batch)
        batches.require_results(found)
        _save(portal, found.output_file, output)
        if errors is not None:
            _save(portal, found.error_file, errors)
    if found.failed and errors is None:
        context.output.note(f"{found.failed} lines could not be run; --errors FILE fetches why.")
    if output is not None:
        context.output.object({"batch": found, "output": output, "errors": errors})
        context.output.say(f"{output}: the answers of {found.id}, {_count(found)}.")


@app.command()
@ended
def cancel(batch: BatchId, server: Server = None, insecure_http: InsecureHttp = False, as_json: Json = False) -> None:
    """Stop a batch; lines that were answered stay."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    with context.portal() as portal:
        _show(context, batches.cancel(portal, batch))


def _show(context: Context, batch: Batch) -> None:
    context.output.object({"batch": batch})
    context.output.say(f"{batch.id}: {batch.status}, {_count(batch)}")
    for error in batch.errors:
        context.output.say(f"  {error}")


def _count(batch: Batch) -> str:
    failed = f", {batch.failed} failed" if batch.failed else ""
    return f"{batch.completed} of {batch.total} lines{failed}"


def _save(portal: Portal, file_id: str | None, path: Path | None) -> None:
    """A file whole or not at all, and empty where the server has none; to stdout whole lines."""
    if path is None:
        lines = WholeLines(sys.stdout.buffer)
        if file_id is not None:
            batches.save_file(portal, file_id, lines.write)
            lines.end()
        return
    with disk_errors(path.parent), _replacing(path) as file:
        if file_id is not None:
            batches.save_file(portal, file_id, file.write)
        file.flush()  # now, while a full disk can still be told


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """What is written takes the place of `path` once it is whole; a device or pipe is written to as it is."""
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    fresh = path.with_name(f"{path.name}.{os.getpid()}.part")
    fresh.unlink(missing_ok=True)
    try:
        with fresh.open("xb") as file:
            yield file
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


class WholeLines:
    """Passes lines on once they are whole: half an answer is none, and an error after it has a line of its own."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._rest = b""

    def write(self, data: bytes) -> int:
        whole, end, rest = data.rpartition(b"\n")
        if end:
            self._target.write(self._rest + whole + end)
            self._rest = b""
        self._rest += rest
        if len(self._rest) > batches.LONGEST_LINE:  # no answer is: it is passed on as it comes
            self._target.write(self._rest)
            self._rest = b""
        return len(data)

    def end(self) -> None:
        """What has no end of line is whole as well, for nothing follows."""
        self._target.write(self._rest)
        self._target.flush()
