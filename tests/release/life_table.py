"""Every point in the life of a release by command by role, with one person enough and with two needed, by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from access_portal.accounts.models import Role
from access_portal.applications.conditions import TIMER
from access_portal.errors import GatehouseError
from release.lifecycle import Command
from release.models import Release
from release.publishing import (
    deprecate_release,
    publish_release,
    schedule_release,
    sign_release,
    unschedule_release,
    verify_release,
    withdraw_release,
)
from release.repairing import repair_release
from release.standing import Actor, require_command
from release.storage import weights_store
from tests.factories import make_family, make_licence_version, make_release, make_user, make_variant

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODES = {
    "ok": "ok", "role": "role_missing", "no": "not_theirs", "state": "wrong_state", "final": "release_final",
    "name": "needs_a_name", "two": "needs_two", "lic": "licence_outdated", "emb": "embargoed", "done": "already_signed",
}  # fmt: skip
ROLES = ("mgr", "stg", "ben", "cli", "clk")

# `stg` staged it and `mgr` scheduled it, both release managers; `ben` has every role but that one; `cli` gave no name.
#   unknown   nobody knows who staged it          outdated  its licence text was replaced
#   due       the moment it is scheduled for has come     due_own   the same, and `stg` scheduled it
SITUATIONS = (
    "none", "staged", "staged_unknown", "staged_outdated", "verified", "verified_unknown", "verified_outdated",
    "scheduled", "due", "due_own", "due_outdated", "published", "published_unsigned", "deprecated",
    "deprecated_unsigned", "withdrawn", "withdrawn_unsigned",
)  # fmt: skip

# `*` stands for any letters, and each line for what no line before it names.
TEXT = """
command     situations             one: mgr stg ben cli clk    two: mgr stg ben cli clk
stage       none                   ok    ok    role ok    no    ok    ok    role name  no
stage       published*,deprecated*,withdrawn*  final final role final no final final role final no
stage       *                      state state role state no    state state role state no
restage     staged*,verified*      ok    ok    role ok    no    ok    ok    role name  no
restage     none,scheduled,due*    state state role state no    state state role state no
restage     *                      final final role final no    final final role final no
verify      staged*,verified*      ok    ok    role ok    no    ok    ok    role name  no
verify      none,scheduled,due*    state state role state no    state state role state no
verify      *                      final final role final no    final final role final no
schedule    verified,scheduled,due,due_own  ok ok role ok no    ok    two   role name  no
schedule    verified_unknown       ok    ok    role ok    no    two   two   role name  no
schedule    verified_outdated,due_outdated  lic lic role lic no lic   two   role name  no
schedule    none,staged*           state state role state no    state state role state no
schedule    *                      final final role final no    final final role final no
unschedule  scheduled,due*         ok    ok    role ok    no    ok    ok    role name  no
unschedule  *                      state state role state no    state state role state no
publish     staged,verified        ok    ok    role ok    no    ok    two   role name  no
publish     *_unknown              ok    ok    role ok    no    two   two   role name  no
publish     staged_outdated,verified_outdated  lic lic role lic no lic two  role name  no
publish     scheduled              emb   emb   role emb   emb   emb   emb   role emb   emb
publish     due                    ok    ok    role ok    ok    ok    two   role name  ok
publish     due_own                ok    ok    role ok    ok    ok    two   role name  two
publish     due_outdated           lic   lic   role lic   lic   lic   two   role name  lic
publish     none                   state state role state state state state role state state
publish     *                      final final role final final final final role final final
fall_back   staged*,verified*      ok    ok    role ok    no    ok    ok    role ok    no
fall_back   scheduled              no    no    role no    emb   no    no    role no    emb
fall_back   due*                   no    no    role no    ok    no    no    role no    ok
fall_back   *                      state state role state state state state role state state
repair      none,withdrawn*        state state role state no    state state role state no
repair      *                      ok    ok    role ok    no    ok    ok    role name  no
sign        *_unsigned             ok    ok    role ok    no    ok    ok    role name  no
sign        published,deprecated,withdrawn  done done role done no done done role name no
sign        *                      state state role state no    state state role state no
deprecate   published*,deprecated* ok    ok    role ok    no    ok    ok    role name  no
deprecate   *                      state state role state no    state state role state no
withdraw    published*,deprecated* ok    ok    role ok    no    ok    ok    role name  no
withdraw    *                      state state role state no    state state role state no
"""
AFTER = {
    Command.STAGE: "staged", Command.RESTAGE: "staged", Command.VERIFY: "verified", Command.SCHEDULE: "scheduled",
    Command.UNSCHEDULE: "verified", Command.PUBLISH: "published", Command.FALL_BACK: "staged",
    Command.DEPRECATE: "deprecated", Command.WITHDRAW: "withdrawn",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One command by one person in one situation, where releases take two people or not, and what comes of it."""

    command: Command
    situation: str
    role: str
    two: bool
    expected: str

    @property
    def after(self) -> str:
        """The state that an allowed command leaves."""
        before = self.situation.partition("_")[0]
        return AFTER.get(self.command, "scheduled" if before == "due" else before)

    def __str__(self) -> str:
        return f"{self.command}-{self.situation}-{self.role}-{'two' if self.two else 'one'}"


def cells() -> Iterator[Cell]:
    lines = [line.split() for line in TEXT.strip().splitlines()[1:]]
    for command in Command:
        for situation in SITUATIONS:
            words = next(
                line[2:]
                for line in lines
                if line[0] == command and any(fnmatchcase(situation, one) for one in line[1].split(","))
            )
            columns = [(role, two) for two in (False, True) for role in ROLES]
            for (role, two), word in zip(columns, words, strict=True):
                yield Cell(command, situation, role, two, CODES[word])


CELLS = tuple(cells())


class World:
    """A release in each situation, with bytes in the store, and everybody who may come to it."""

    def __init__(self) -> None:
        everything = [role for role in Role if role != Role.RELEASE_MANAGER]
        self.mgr, self.stg = make_user("mgr", Role.RELEASE_MANAGER), make_user("stg", Role.RELEASE_MANAGER)
        self.actors: Mapping[str, Actor] = {
            "mgr": self.mgr, "stg": self.stg, "ben": make_user("ben", *everything), "cli": None, "clk": TIMER,
        }  # fmt: skip
        families = {name: make_family(name, make_licence_version()) for name in ("current", "replaced")}
        self.releases = {name: self._release(name, families) for name in SITUATIONS if name != "none"}
        make_licence_version(families["replaced"].weights_licence, "2.0", "Be better.")

    def _release(self, name: str, families: Mapping[str, Any]) -> Release:
        state, _, rest = name.partition("_")
        variant = make_variant(families["replaced" if rest == "outdated" else "current"], name.replace("_", "-"))
        fields: dict[str, Any] = {"staged_by": None if rest == "unknown" else self.stg}
        if state in ("scheduled", "due"):
            moment = NOW + HOUR if state == "scheduled" else NOW
            fields |= {"publish_at": moment, "scheduled_by": self.stg if rest == "own" else self.mgr}
        if state in ("published", "deprecated", "withdrawn") and rest != "unsigned":
            fields["signature"] = "a.b.c"
        release = make_release(variant, state="scheduled" if state == "due" else state, **fields)
        weights_store().put_bytes(release.artifacts.get().storage_key, b"{}")
        return release

    def release(self, situation: str) -> Release | None:
        return None if situation == "none" else Release.objects.get(pk=self.releases[situation].pk)


def outcome(world: World, cell: Cell) -> str:
    """What comes of really giving the command: the code of the refusal, or the state that the row has then."""
    release, actor = world.release(cell.situation), world.actors[cell.role]
    try:
        if release is None or cell.command not in COMMANDS:
            require_command(release, actor, cell.command, NOW)
            return "ok"
        COMMANDS[cell.command](release, actor)
    except GatehouseError as refused:
        return refused.code
    release.refresh_from_db()
    return f"ok: {release.state}"


# What staging does is room for itself, and falling back is what the other commands do when something is amiss.
COMMANDS: Mapping[Command, Callable[[Release, Any], object]] = {
    Command.VERIFY: lambda r, a: verify_release(release=r, actor=a, now=NOW),
    Command.SCHEDULE: lambda r, a: schedule_release(release=r, publish_at=NOW + 2 * HOUR, actor=a, now=NOW),
    Command.UNSCHEDULE: lambda r, a: unschedule_release(release=r, actor=a, now=NOW),
    Command.PUBLISH: lambda r, a: publish_release(release=r, actor=a, now=NOW),
    Command.REPAIR: lambda r, a: repair_release(release=r, folder=Path(__file__).parent, actor=a, now=NOW),
    Command.SIGN: lambda r, a: sign_release(release=r, actor=a, now=NOW),
    Command.DEPRECATE: lambda r, a: deprecate_release(release=r, reason="Old.", successor=None, actor=a, now=NOW),
    Command.WITHDRAW: lambda r, a: withdraw_release(release=r, reason="Wrong.", actor=a, now=NOW),
}
