"""`models`, `apply`, `status`."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from .. import shapes
from ..errors import UsageError
from ..person import applications
from ..wording import size
from .context import Context, ended
from .options import InsecureHttp, Json, NoBrowser, Server


@ended
def models(server: Server = None, insecure_http: InsecureHttp = False, as_json: Json = False) -> None:
    """List the models, and which of them you may have; where you may not, why, and what would help."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    with context.portal() as portal:
        found = shapes.models(portal)
    context.output.object({"server": context.server, "models": found})
    rows = [
        (model.model, model.name, model.latest or "not released yet", size(model.bytes) if model.latest else "",
         ", ".join(model.layouts), "yes" if model.access.allowed else "no")
        for model in found
    ]  # fmt: skip
    context.output.table(("Model", "Name", "Newest", "Size", "Layouts", "May I?"), rows)
    refusals = {model.access: model.model for model in found if not model.access.allowed}
    for access in refusals:
        names = ", ".join(model.model for model in found if model.access == access)
        parts = (access.explanation, access.remedy, access.url)
        context.output.say(f"\n{names}: " + " ".join(part for part in parts if part))


@ended
def apply(
    family: Annotated[str, typer.Argument(help="The family, as in `llama`.")] = "",
    status: Annotated[bool, typer.Option("--status", help="Show your applications instead.")] = False,
    no_browser: NoBrowser = False,
    server: Server = None,
    insecure_http: InsecureHttp = False,
    as_json: Json = False,
) -> None:
    """Open the page where one applies for a family of models."""
    context = Context(as_json=as_json, server=server, insecure=insecure_http)
    if status:
        _show_applications(context)
        return
    with context.portal() as portal:
        known = {model.model.split("/")[0] for model in shapes.models(portal)}
    wanted = family.lower()
    if wanted not in known:
        raise UsageError(
            "family_unknown",
            f"{family!r} is no family of models here." if family else "Which family?",
            f"There is: {', '.join(sorted(known)) or 'none yet'}.",
        )
    page = f"{context.server}/apply/{wanted}/"
    context.output.object({"page": page})
    context.output.say(page)
    if not (no_browser or as_json) and webbrowser.open(page):
        context.output.note("Your browser shows the form.")


@ended
def status(server: Server = None, insecure_http: InsecureHttp = False, as_json: Json = False) -> None:
    """Show your applications: how each stands, who acts next, and the dates."""
    _show_applications(Context(as_json=as_json, server=server, insecure=insecure_http))


def _show_applications(context: Context) -> None:
    with context.portal() as portal:
        found = applications(portal)
    context.output.object({"server": context.server, "applications": found})
    if not found:
        context.output.say("You have not applied yet. `gatehouse apply FAMILY` opens the form.")
        return
    rows = [
        (
            each.number,
            each.family,
            each.state.replace("_", " "),
            each.next_actor,
            each.submitted_at[:10],
            each.due_at[:10],
        )
        for each in found
    ]
    context.output.table(("Number", "Family", "State", "Next", "Sent", "Answer due"), rows)
    for each in found:
        context.output.say(f"{each.number}: {each.page}")
