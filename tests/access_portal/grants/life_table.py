"""Every point in the life of a grant by command by role, and what must come of it, written down by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from access_portal.accounts.models import Role, User
from access_portal.applications.standing import TIMER, Mover
from access_portal.errors import GatehouseError
from access_portal.grants.models import Grant
from tests.access_portal.grants.life_scenes import (
    DAY,
    HOUR,
    NOW,
    SAID,
    TERMS,
    make_invitation,
    make_lab,
    make_open_family,
    make_person_grant,
    make_proposal,
    make_renewal,
    make_transfer,
    new_licence,
)
from tests.factories import make_user

CODES = {
    "in": "not_signed_in", "404": "grant_not_found", "role": "role_missing", "own": "own_case",
    "near": "conflict_of_interest", "no": "not_theirs", "acct": "wrong_account", "state": "wrong_state",
    "open": "revocation_open", "emer": "emergency_open", "none": "no_revocation", "two": "needs_two",
    "early": "not_overdue", "att": "attest_not_due", "time": "not_renewal_time", "askd": "renewal_open",
    "nask": "no_renewal", "lic": "licence_outdated", "lab": "not_a_lab", "full": "lab_full", "mov": "transfer_open",
    "nmov": "no_transfer", "tw2": "transfer_needs_two", "writ": "already_written", "ok": "ok",
}  # fmt: skip

# All are grants of a lab with one member and one open invitation, 200 days before the end, unless told otherwise.
# A name begins with the state, and goes on with what is so beside it:
#   single     for one person, so that `mem` and `inv` are strangers   full      as many members as there may be
#   due        a month before the end; the yearly word is due in ten days
#   outdated   the same, with a licence text that the holder has not accepted
#   asked      a month before the end; a renewal is asked for          proposed  `prop` proposed to revoke it
#   moving     the holder asked that the lab passes to the member      office    no, `prop` asked for that
#   emergency  `prop` revoked it at once ten hours ago                 stale     the same 72 hours ago
#   unwritten  it ended yesterday and nobody has written that down     late      it ended 90 days ago
SITUATIONS = (
    "active", "active_single", "active_full", "active_due", "active_outdated", "active_asked", "active_asked_outdated",
    "active_asked_moving", "active_proposed", "active_asked_proposed", "active_moving_proposed", "active_moving",
    "active_moving_office", "suspended", "suspended_single", "suspended_due", "suspended_outdated", "suspended_asked",
    "suspended_moving", "suspended_moving_office", "suspended_proposed", "suspended_emergency", "suspended_stale",
    "expired", "expired_single", "expired_unwritten", "expired_late", "expired_outdated", "expired_asked",
    "expired_asked_outdated", "expired_asked_moving", "expired_asked_proposed", "expired_moving",
    "expired_moving_office", "revoked", "superseded", "surrendered",
)  # fmt: skip

# `prop` is decider and administrator; `self` holds the grant and has every role; `near` is decider and administrator
# and was of another lab with the holder. `*` stands for any letters, and each line for what no line before it names.
TEXT = """
command            situations                      anon hold mem  inv  outs revw deci prop self near admn oper clock
suspend            *_emergency,*_stale             in   role role role 404  role emer emer own  near emer emer no
suspend            active*,suspended*              in   role role role 404  role ok   ok   own  near ok   ok   no
suspend            *                               in   role role role 404  role state state own near state state no
lift               *_emergency,*_stale             in   role role role 404  role emer emer own  near emer role no
lift               suspended*                      in   role role role 404  role ok   ok   own  near ok   role no
lift               *                               in   role role role 404  role state state own near state role no
propose_revocation expired*                        in   role role role 404  role state state own near role role no
propose_revocation *_proposed,*_emergency,*_stale  in   role role role 404  role open open own  near role role no
propose_revocation active*,suspended*              in   role role role 404  role ok   ok   own  near role role no
propose_revocation *                               in   role role role 404  role state state own near role role no
revoke_at_once     expired*                        in   role role role 404  role state state own near state state no
revoke_at_once     *_proposed,*_emergency,*_stale  in   role role role 404  role open open own  near open open no
revoke_at_once     active*,suspended*              in   role role role 404  role ok   ok   own  near ok   ok   no
revoke_at_once     *                               in   role role role 404  role state state own near state state no
ratify_revocation  expired*                        in   role role role 404  role state state own near role role no
ratify_revocation  *_proposed,*_emergency,*_stale  in   role role role 404  role ok   two  own  near role role no
ratify_revocation  active*,suspended*              in   role role role 404  role none none own  near role role no
ratify_revocation  *                               in   role role role 404  role state state own near role role no
decline_revocation expired*                        in   role role role 404  role state state own near role role no
decline_revocation *_proposed,*_emergency,*_stale  in   role role role 404  role ok   two  own  near role role no
decline_revocation active*,suspended*              in   role role role 404  role none none own  near role role no
decline_revocation *                               in   role role role 404  role state state own near role role no
lapse_revocation   *_stale                         in   no   no   no   404  no   no   no   no   no   no   no   ok
lapse_revocation   suspended*                      in   no   no   no   404  no   no   no   no   no   no   no   early
lapse_revocation   *                               in   no   no   no   404  no   no   no   no   no   no   no   state
surrender          *_emergency,*_stale             in   emer no   no   404  no   no   no   emer no   no   no   no
surrender          active*,suspended*              in   ok   no   no   404  no   no   no   ok   no   no   no   no
surrender          *                               in   state no  no   404  no   no   no   state no  no   no   no
attest             expired*                        in   state no  no   404  no   no   no   state no  no   no   no
attest             *_due,active_outdated,suspended_outdated  in ok no no 404  no   no   no   ok   no   no   no   no
attest             active*,suspended*              in   att  no   no   404  no   no   no   att  no   no   no   no
attest             *                               in   state no  no   404  no   no   no   state no  no   no   no
ask_renewal        expired_late                    in   time no   no   404  no   no   no   time no   no   no   no
ask_renewal        *_asked*                        in   askd no   no   404  no   no   no   askd no   no   no   no
ask_renewal        *_outdated                      in   lic  no   no   404  no   no   no   lic  no   no   no   no
ask_renewal        *_due,expired*                  in   ok   no   no   404  no   no   no   ok   no   no   no   no
ask_renewal        active*,suspended*              in   time no   no   404  no   no   no   time no   no   no   no
ask_renewal        *                               in   state no  no   404  no   no   no   state no  no   no   no
grant_renewal      suspended*                      in   role role role 404  role state state own near role role no
grant_renewal      *_asked                         in   role role role 404  role ok   ok   own  near role role no
grant_renewal      *_asked_outdated                in   role role role 404  role lic  lic  own  near role role no
grant_renewal      *_asked_moving                  in   role role role 404  role mov  mov  own  near role role no
grant_renewal      *_asked_proposed                in   role role role 404  role open open own  near role role no
grant_renewal      active*,expired*                in   role role role 404  role nask nask own  near role role no
grant_renewal      *                               in   role role role 404  role state state own near role role no
refuse_renewal     *_asked*                        in   role role role 404  role ok   ok   own  near role role no
refuse_renewal     active*,suspended*,expired*     in   role role role 404  role nask nask own  near role role no
refuse_renewal     *                               in   role role role 404  role state state own near role role no
supersede          active_outdated                 in   role role role 404  role lic  lic  own  near role role no
supersede          active_asked*                   in   role role role 404  role askd askd own  near role role no
supersede          active*_proposed                in   role role role 404  role open open own  near role role no
supersede          active_moving*                  in   role role role 404  role mov  mov  own  near role role no
supersede          active*                         in   role role role 404  role ok   ok   own  near role role no
supersede          *                               in   role role role 404  role state state own near role role no
invite             active_single                   in   lab  no   no   404  no   no   no   lab  no   no   no   no
invite             active_full                     in   full no   no   404  no   no   no   full no   no   no   no
invite             active*                         in   ok   no   no   404  no   no   no   ok   no   no   no   no
invite             *                               in   state no  no   404  no   no   no   state no  no   no   no
join               active*                         in   acct acct ok   acct acct acct acct acct acct acct acct in
join               *                               in   acct acct state acct acct acct acct acct acct acct acct in
leave              active*,suspended*,expired*     in   no   ok   no   404  no   no   no   no   no   no   no   no
leave              *                               in   no   state no  404  no   no   no   no   no   no   no   no
remove_member      *_single                        in   lab  role role 404  role lab  lab  lab  near lab  role no
remove_member      active*,suspended*,expired*     in   ok   role role 404  role ok   ok   ok   near ok   role no
remove_member      *                               in   state role role 404 role state state state near state role no
ask_transfer       active_single                   in   lab  role role 404  role role lab  lab  near lab  role no
ask_transfer       active*_moving*                 in   mov  role role 404  role role mov  mov  near mov  role no
ask_transfer       active*                         in   ok   role role 404  role role ok   ok   near ok   role no
ask_transfer       *                               in   state role role 404 role role state state near state role no
approve_transfer   active_moving                   in   role role role 404  role ok   ok   own  near role role no
approve_transfer   active_moving_office            in   role role role 404  role ok   tw2  own  near role role no
approve_transfer   active_asked_moving             in   role role role 404  role askd askd own  near role role no
approve_transfer   active_moving_proposed          in   role role role 404  role open open own  near role role no
approve_transfer   active*                         in   role role role 404  role nmov nmov own  near role role no
approve_transfer   *                               in   role role role 404  role state state own near role role no
refuse_transfer    *_office                        in   role role role 404  role ok   tw2  own  near role role no
refuse_transfer    *_moving*                       in   role role role 404  role ok   ok   own  near role role no
refuse_transfer    active*,suspended*,expired*     in   role role role 404  role nmov nmov own  near role role no
refuse_transfer    *                               in   role role role 404  role state state own near role role no
undo               active*                         in   role role role 404  role ok   ok   own  near role role no
undo               *                               in   role role role 404  role state state own near role role no
expire             *d_unwritten,expired_*_proposed    in   no   no   no   404  no   no   no   no   no   no   no   ok
expire             expired*                        in   no   no   no   404  no   no   no   no   no   no   no   writ
expire             *                               in   no   no   no   404  no   no   no   no   no   no   no   state
"""

ROLES = TEXT.strip().splitlines()[0].split()[2:]

# The state after a command that went through; a command that is not named here leaves the state as it was.
AFTER = {
    "suspend": "suspended", "lift": "active", "revoke_at_once": "suspended", "ratify_revocation": "revoked",
    "surrender": "surrendered", "grant_renewal": "superseded", "supersede": "superseded",
    "approve_transfer": "superseded", "undo": "undone", "expire": "expired",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One command in one situation, with what every role must hear."""

    situation: str
    command: str
    expected: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.situation}-{self.command}"

    @property
    def state(self) -> str:
        return state_in(self.situation)

    @property
    def after(self) -> str:
        return AFTER.get(self.command, self.state)


def state_in(situation: str) -> str:
    return situation.partition("_")[0]


def _rows() -> Iterator[Row]:
    seen: set[tuple[str, str]] = set()
    for line in TEXT.strip().splitlines()[1:]:
        command, patterns, *codes = line.split()
        for name in SITUATIONS:
            named = any(fnmatchcase(name, pattern) for pattern in patterns.split(","))
            if named and (name, command) not in seen and not (command == "join" and "single" in name):
                seen.add((name, command))
                yield Row(name, command, _expected(name, codes))


def _expected(situation: str, codes: list[str]) -> tuple[str, ...]:
    said = dict(zip(ROLES, codes, strict=True))
    if "single" in situation:
        said["mem"] = said["inv"] = said["outs"]
    return tuple(CODES[code] for code in said.values())


ROWS = list(_rows())


class World:
    """A grant of `hold` and one of `self` in each situation."""

    def __init__(self) -> None:
        self.mem, self.inv = make_user("mem"), make_user("inv")
        self.prop = make_user("prop", Role.DECIDER, Role.ADMIN)
        self.actors: dict[str, Mover] = {
            "anon": AnonymousUser(),
            "hold": make_user("hold"),
            "mem": self.mem,
            "inv": self.inv,
            "outs": make_user("outs"),
            "revw": make_user("revw", Role.REVIEWER, Role.RELEASE_MANAGER, Role.AUDITOR),
            "deci": make_user("deci", Role.DECIDER),
            "prop": self.prop,
            "self": make_user("self", *Role),
            "near": make_user("near", Role.DECIDER, Role.ADMIN),
            "admn": make_user("admn", Role.ADMIN),
            "oper": make_user("oper", Role.OPERATOR),
            "clock": TIMER,
        }
        hold, near = self.actors["hold"], self.actors["near"]
        assert isinstance(hold, User)
        assert isinstance(near, User)
        make_lab(hold, None, near, state="expired")  # of one lab, long ago
        self.grants = {(name, role): self._grant(name, role) for name in SITUATIONS for role in ("hold", "self")}

    def grant(self, row: Row, role: str) -> Grant:
        """The grant that this row is about, for this role."""
        return self.grants[row.situation, "self" if role == "self" else "hold"]

    def token(self, row: Row, role: str) -> str:
        return f"{row.situation}-{'self' if role == 'self' else 'hold'}"

    def _grant(self, name: str, role: str) -> Grant:
        holder = self.actors[role]
        assert isinstance(holder, User)
        family = make_open_family(f"{name}-{role}".replace("_", "-"))
        fields = _fields(name)
        if "_single" in name:
            return make_person_grant(holder, family, **fields)
        grant = make_lab(holder, family, self.mem, **fields)
        make_invitation(grant, self.inv.email, f"{name}-{role}")
        self._events(name, grant)
        return grant

    def _events(self, name: str, grant: Grant) -> None:
        if "_asked" in name:
            make_renewal(grant)
        if "_outdated" in name:
            new_licence(grant)
        if "_moving" in name:
            make_transfer(grant, self.mem, self.prop if "_office" in name else None)
        if "_proposed" in name:
            make_proposal(grant, self.prop)
        if name.endswith(("_emergency", "_stale")):
            at = NOW - (72 if "_stale" in name else 10) * HOUR
            make_proposal(grant, self.prop, emergency=True, at=at)
        if "_full" in name:
            for number in range(23):
                make_invitation(grant, f"m{number}@uni.example")


def _fields(name: str) -> dict[str, Any]:
    state = state_in(name)
    fields: dict[str, Any] = {"state": "active" if "_unwritten" in name or name == "expired_asked_proposed" else state}
    if any(word in name for word in ("_asked", "_due", "_outdated")):
        fields["ends_at"] = NOW + 30 * DAY
    if name.endswith("_due") or name in ("active_outdated", "suspended_outdated"):
        fields["attest_due_at"] = NOW + 10 * DAY
    if state == "expired":
        fields["ends_at"] = NOW - (90 * DAY if "_late" in name else DAY)
        fields["starts_at"] = NOW - 400 * DAY
    return fields


def outcome(module: Any, world: World, row: Row, role: str) -> str:
    """What the command does for this role, undone afterwards: `ok` or the code of the refusal."""
    with transaction.atomic():
        try:
            _give(module, world, row, role)
        except GatehouseError as refusal:
            return refusal.code
        finally:
            transaction.set_rollback(True)
    return "ok"


def _give(module: Any, world: World, row: Row, role: str) -> None:
    grant = world.grant(row, role)
    told: dict[str, Any] = {"actor": world.actors[role], "now": NOW}
    if row.command == "undo":
        module.undo_grant(grant=grant, **told)
    elif row.command == "join":
        current = grant.family.weights_licence.versions.latest("published_at")
        module.join(token=world.token(row, role), shown_sha256=current.sha256, capacity="self", **told)
    else:
        version = {} if row.command in UNVERSIONED else {"version": grant.version}
        getattr(module, row.command)(number=grant.number, **told, **version, **_extra(row.command, grant))
    fresh = Grant.objects.get(pk=grant.pk)
    assert fresh.state == row.after
    assert fresh.version == grant.version + 1


UNVERSIONED = {"leave", "lapse_revocation", "expire"}


def _extra(command: str, grant: Grant) -> dict[str, Any]:
    place = grant.members.filter(joined_at__isnull=False).values_list("pk", flat=True).first()
    reason = {"reason": "For this reason."}
    extra: dict[str, dict[str, Any]] = {
        "suspend": {**reason, "review_at": NOW + DAY},
        "lift": reason,
        "propose_revocation": reason,
        "revoke_at_once": reason,
        "decline_revocation": reason,
        "surrender": {"statement": SAID},
        "attest": {"statement": "Used as before, by me."},
        "ask_renewal": {"outputs": "A paper and its code, both open.", "changes": "Nothing."},
        "grant_renewal": {"terms": TERMS},
        "refuse_renewal": {"text": "The work seems to be done; see the paper."},
        "supersede": {"terms": TERMS, "text": "More tokens are needed."},
        "invite": {"name": "New", "email": "new@uni.example"},
        "remove_member": {"member_id": place or 0},
        "ask_transfer": {"member_id": place or 0, "reason": "I leave the university."},
        "approve_transfer": {"token_quota": 100},
        "refuse_transfer": {"text": "The lab is closing."},
    }
    return extra.get(command, {})
