"""`download`, `verify`."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Annotated

import typer

from ..download import Order, Outcome, Prospect, look, plan, require_access
from ..download import download as fetch
from ..errors import UsageError
from ..events import Tell
from ..model_name import ModelName, parse
from ..plan import SOUND, Plan
from ..selection import Wanted
from ..session import Portal
from ..shapes import models
from ..transfer import Pace
from ..verify import Findings
from ..verify import verify as check
from ..wording import files, size
from .context import Context, ended
from .exits import Exit
from .options import InsecureHttp, Json, Server
from .output import Output
from .progress import following

MOST_LINES = 60


def _countable(seconds: float) -> float:
    """Raises BadParameter for `inf` and `nan`, which no clock can count."""
    if not math.isfinite(seconds):
        raise typer.BadParameter("it has to be a number of seconds")
    return seconds


@ended
def download(
    model: Annotated[str, typer.Argument(metavar="FAMILY/VARIANT[@VERSION]", help="As `gatehouse models` names it.")],
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; a folder named after the family or the model if left out.")
    ] = None,
    layout: Annotated[
        Wanted | None,
        typer.Option(help="For Meta's own loaders, for Hugging Face's, or both. Meta's where there is one."),
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Only files like this, as in '*.json'. May be repeated.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="No files like this. May be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be fetched; the folder stays as it is.")
    ] = False,
    connections: Annotated[int, typer.Option(min=1, max=64, help="How many at once.")] = Pace.connections,
    patience: Annotated[
        float,
        typer.Option(
            min=0, callback=_countable, metavar="SECONDS", help="How long to go on when nothing arrives at all."
        ),
    ] = Pace.patience_seconds,
    accept_new_keys: Annotated[
        bool, typer.Option("--accept-new-keys", help="Trust a publisher's key that this server did not show before.")
    ] = False,
    server: Server = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> None:
    """Download a release: plan first, several connections at once, each file checked against the signed manifest.

    Run again, it goes on where it was cut off, and fetches only what is missing or damaged.
    """
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    with context.portal() as portal, following(context.output) as tell:
        name = _name(portal, model)
        order = Order(name, folder, layout, tuple(include or ()), tuple(exclude or ()), accept_new_keys)
        prospect = look(portal, context.pins, order, tell)
        if dry_run:
            _show_plan(context.output, prospect, plan(prospect, tell), whole=True)
            return
        portal.require_token()
        require_access(prospect)
        _run(context.output, portal, prospect, tell, Pace(connections, patience_seconds=patience))


@ended
def verify(
    folder: Annotated[Path, typer.Argument(help="A folder that `gatehouse download` filled.")],
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The publisher's keys (JWK Set) from elsewhere, not those kept in the folder."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a folder against its signed manifest, without the network: names each missing, damaged and extra file."""
    context = Context(as_json=as_json)
    with following(context.output) as tell:
        found = check(folder, context.pins, tell, None if keys is None else _read(keys))
    for each in found:
        _show_findings(context.output, each)
    sound = all(each.is_sound for each in found)
    context.output.object({"sound": sound, "releases": found})
    if not sound:
        context.output.note("`gatehouse download` into the same folder repairs what is damaged.")
        raise typer.Exit(Exit.DAMAGED)


def _name(portal: Portal, text: str) -> ModelName:
    """As written; a variant alone will do where only one family has it."""
    if "/" in text:
        return parse(text)
    variant, at, version = text.partition("@")
    found = [model.model for model in models(portal) if model.model.partition("/")[2] == variant.lower()]
    if len(found) > 1:
        raise UsageError("model_name", f"{text[:100]!r} may be any of {', '.join(found)}.", "Name the family as well.")
    return parse(f"{found[0]}{at}{version}" if found else text)


def _run(output: Output, portal: Portal, prospect: Prospect, tell: Tell, pace: Pace) -> None:
    started = time.monotonic()

    def on_plan(made: Plan) -> None:
        _show_plan(output, prospect, made, whole=False)

    outcome = fetch(portal, prospect, tell, pace=pace, on_plan=on_plan)
    seconds = time.monotonic() - started
    _show_outcome(output, outcome, seconds)


def _show_plan(output: Output, prospect: Prospect, made: Plan, *, whole: bool) -> None:
    lines = [
        {"path": line.file.path, "size": line.file.size, "state": line.state, "to_come_bytes": line.to_come_bytes}
        for line in made.lines
    ]
    signed, name = prospect.manifest, str(prospect.facts.name)
    licence = f"{signed.licence.slug} {signed.licence.version}"
    output.object({
        "event": "plan", "model": name, "version": signed.version, "folder": prospect.root,
        "layout": prospect.choice.layout, "licence": licence,
        "signed_as": signed.model, "signed_with": prospect.signed_with,
        "total_bytes": made.total_bytes, "to_come_bytes": made.to_come_bytes, "files": lines,
    })  # fmt: skip
    known = f"signed as {signed.model} {signed.version} with {prospect.signed_with}"
    output.note(f"{name}, licence {licence}, {known}")
    if whole or len(made.lines) <= MOST_LINES:
        words = {SOUND: "there", "missing": "to fetch", "damaged": "to repair"}
        rows = [(line.file.path, size(line.file.size), words[line.state]) for line in made.lines]
        output.table(("File", "Size", ""), rows)
    total = f"{files(len(made.lines))}, {size(made.total_bytes)}; to fetch: {size(made.to_come_bytes)}"
    output.note(f"{total}, into {prospect.root}")


def _show_outcome(output: Output, outcome: Outcome, seconds: float) -> None:
    prospect = outcome.prospect
    output.object({
        "event": "done", "model": str(prospect.facts.name), "folder": prospect.root, "fetched": outcome.fetched,
        "already_there": outcome.already_there, "seconds": round(seconds, 3),
    })  # fmt: skip
    count = len(outcome.plan.lines)
    output.say(f"{prospect.root}: {files(count)} as published, {len(outcome.fetched)} of them fetched now.")


def _show_findings(output: Output, found: Findings) -> None:
    output.say(f"{found.folder}: {found.model} {found.version}, signed with {found.signed_with}")
    if found.unpinned:
        output.say("  the key is not one that the server showed to you before")
    elif not found.is_vouched:
        output.say("  nothing on this machine speaks for the key: compare it with the publisher's, or give --keys")
    for what, paths in (("missing", found.missing), ("damaged", found.damaged), ("extra", found.extra)):
        for path in paths:
            output.say(f"  {what}: {path}")
    left_out = f"; {found.not_chosen} of the release were not asked for" if found.not_chosen else ""
    output.say(f"  {files(len(found.sound))} as published{left_out}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError("file_unreadable", f"{path} cannot be read: {error.strerror}.") from error
