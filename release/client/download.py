"""Downloading a release: facts, evidence, plan, transfer, report, each in its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import evidence, shapes
from .companion import place_tokenizer, shares_tokenizer
from .errors import AccessError, DamagedError, RefusedError
from .events import Notice, Tell
from .folder import ReleaseFolder
from .links import Links
from .manifest import File, Manifest
from .model_name import ModelName
from .pins import Pins
from .plan import SOUND, Checker, Plan
from .reports import report
from .selection import Choice, Wanted, chosen, usual_layout
from .session import Portal
from .transfer import Pace, Transfer
from .wording import printable

USUAL_PACE = Pace()


@dataclass(frozen=True)
class Order:
    """What a person asked for. Without a layout it is Meta's, where the release has that."""

    name: ModelName
    folder: Path | None = None
    layout: Wanted | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    accept_new_keys: bool = False


@dataclass(frozen=True)
class Prospect:
    """A release whose evidence is believed, and the files of it that are wanted, `root` being where they will lie."""

    facts: shapes.ReleaseFacts
    evidence: evidence.Evidence
    manifest: Manifest
    signed_with: str
    choice: Choice
    files: Sequence[File]
    root: Path


@dataclass(frozen=True)
class Outcome:
    """What a download came to."""

    prospect: Prospect
    plan: Plan
    fetched: tuple[str, ...]
    already_there: tuple[str, ...]


def look(portal: Portal, pins: Pins, order: Order, tell: Tell) -> Prospect:
    """Everything that can be known before the folder is touched; raises ClientError, AccessError among them."""
    facts = shapes.release(portal, order.name)
    for text in facts.notices:
        tell(Notice(text))
    shown = evidence.fetch(portal, facts)
    manifest, key = shown.believed()
    if (manifest.model, manifest.version) != (facts.model_id, facts.name.version):
        raise DamagedError(
            "manifest_differs",
            f"The server sent the manifest of {manifest.model} {manifest.version} for {facts.name}.",
            "Nothing was fetched. Tell the publisher.",
        )
    for text in evidence.require_pinned(shown, pins, portal.server, accept_new=order.accept_new_keys):
        tell(Notice(text))
    choice = Choice(order.layout or usual_layout(manifest), order.include, order.exclude)
    files = chosen(manifest, choice)
    return Prospect(facts, shown, manifest, key, choice, files, _root(order, facts, choice))


def require_access(prospect: Prospect) -> None:
    """Raises AccessError in the server's words."""
    facts, access = prospect.facts, prospect.facts.access
    if facts.withdrawn is not None:
        raise AccessError(
            "release_withdrawn",
            f"{facts.name} was withdrawn: {facts.withdrawn}.",
            "`gatehouse models` shows what there is instead.",
        )
    if not access.allowed:
        raise AccessError(
            access.code or "refused",
            access.explanation or f"You may not download {facts.name}.",
            access.remedy or f"`gatehouse apply {facts.name.family}` opens the form.",
            access.url,
        )


def plan(prospect: Prospect, tell: Tell) -> Plan:
    """Read what is in the folder, without changing anything; the folder need not exist."""
    folder, version = ReleaseFolder(prospect.root), prospect.manifest.version
    held = folder.noted().get("version")
    if held not in (None, version):  # which one is the newest, the server says and nobody signs
        tell(Notice(f"{folder.root} holds {printable(held)}; {version} takes its place."))
    return Checker(folder, prospect.files, tell).plan()


def download(
    portal: Portal,
    prospect: Prospect,
    tell: Tell,
    *,
    pace: Pace = USUAL_PACE,
    on_plan: Callable[[Plan], None] = lambda plan: None,
) -> Outcome:
    """Bring the files in; raises ClientError or KeyboardInterrupt, and another call goes on where this one ended."""
    folder = ReleaseFolder(prospect.root)
    _require_same_model(folder, prospect)
    folder.prepare()
    with folder.alone():
        made = plan(prospect, tell)
        on_plan(made)
        folder.require_space(made.to_come_bytes, prospect.manifest.files)
        prospect.evidence.save(folder.record)  # not before: a version that stays can still be verified
        folder.note(_note(portal, prospect))
        folder.tidy(prospect.manifest.files)
        shared = shares_tokenizer(prospect.root)
        fetched = _transfer(portal, prospect, folder, made, pace, tell)
        if prospect.choice.layout == Wanted.META and (text := place_tokenizer(prospect.root, ours=shared)):
            tell(Notice(text))
    return Outcome(prospect, made, fetched, tuple(file.path for file in made.in_state(SOUND)))


def _transfer(
    portal: Portal, prospect: Prospect, folder: ReleaseFolder, made: Plan, pace: Pace, tell: Tell
) -> tuple[str, ...]:
    """Fetch what the plan lacks and report each file, also of a run that is cut short; raises DamagedError."""
    links = Links(portal, prospect.facts.name, made.to_fetch)
    transfer = Transfer(folder, made.to_fetch, links, pace, tell)
    damaged: list[str] = []
    try:
        transfer.run()
    except DamagedError as error:
        damaged.append(error.path)
        raise
    finally:
        _report(portal, prospect, folder, filter(None, [*damaged, *transfer.damaged]), tell)
    damaged += transfer.damaged
    if damaged:
        raise DamagedError(
            "store_content_differs",
            f"The store holds another content than was published: {', '.join(damaged)}.",
            "None of it was kept, everything else is in place. The server was told; try again later.",
        )
    return tuple(sorted(transfer.verified))


def _report(portal: Portal, prospect: Prospect, folder: ReleaseFolder, damaged: Iterable[str], tell: Tell) -> None:
    """Also of files that came in an earlier run, which was ended before it could tell."""
    verified = folder.unreported(prospect.files)
    failure = report(portal, prospect.facts.name, [file.path for file in verified], damaged)
    if failure is None:
        folder.reported(verified)
    else:
        tell(Notice(f"The server could not be told which files arrived: {failure.explanation}"))


def _root(order: Order, facts: shapes.ReleaseFacts, choice: Choice) -> Path:
    """Meta's layout has the name of the size in it: FOLDER/7B."""
    if choice.layout == Wanted.META:
        return (order.folder or Path(facts.name.family)) / facts.folder
    return order.folder or Path(f"{facts.name.family}-{facts.name.variant}")


def _note(portal: Portal, prospect: Prospect) -> dict[str, object]:
    choice = prospect.choice
    return {
        "server": portal.server,
        "model": f"{prospect.facts.name.family}/{prospect.facts.name.variant}",
        "model_id": prospect.manifest.model,
        "version": prospect.manifest.version,
        "layout": choice.layout.value,
        "include": list(choice.include),
        "exclude": list(choice.exclude),
    }


def _require_same_model(folder: ReleaseFolder, prospect: Prospect) -> None:
    """Another version may replace what is there, another model may not."""
    known = folder.noted().get("model_id")
    if known not in (None, prospect.manifest.model):
        raise RefusedError(
            "folder_of_another_model",
            f"{folder.root} holds {known}.",
            "Name another folder, or remove this one first.",
        )
