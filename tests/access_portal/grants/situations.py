"""Every situation a person can be in, and what the access policy must say to each action in it.

`TABLE` is the specification in rows; the policy's tests and its mutants are held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from types import ModuleType
from typing import Any

from django.contrib.auth.models import AnonymousUser

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.applications.models import Application, State
from access_portal.grants.models import Grant
from access_portal.licences.models import LicenceVersion
from release.models import Family, Variant
from tests.factories import make_acceptance, make_family, make_licence_version, make_variant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)  # the finest time that the database keeps
DAY = timedelta(days=1)
ACTIONS = (
    "download",
    "infer",
    "use_inference",
    "review",
    "decide",
    "manage_releases",
    "manage_licences",
    "manage_people",
    "operate",
)
_numbers = count(1)


@dataclass
class World:
    """Two model families with their licence, shared by all situations."""

    family: Family
    variant: Variant
    sibling: Variant
    version: LicenceVersion
    old_version: LicenceVersion
    new_version: LicenceVersion
    other_licence: LicenceVersion
    other_family: Family


@dataclass
class Scene:
    """One situation in the world: who asks, for what."""

    world: World
    actor: User | AnonymousUser | None
    withdrawn: bool = False
    case_about: int | None = 0  # nobody; None is the house itself

    def person(self) -> User:
        assert isinstance(self.actor, User)
        return self.actor


def make_world() -> World:
    old = make_licence_version(number="1.0", text="Old.")
    version = make_licence_version(old.licence, number="2.0", text="New.")
    family = make_family("situation", version)
    return World(
        family=family,
        variant=make_variant(family, "1m"),
        sibling=make_variant(family, "2m"),
        version=version,
        old_version=old,
        new_version=make_licence_version(old.licence, number="3.0", text="Newer."),
        other_licence=make_licence_version(number="9.0", text="Of another licence."),
        other_family=make_family("elsewhere", version),
    )


def somebody(world: World, *roles: Role, accepts: bool = True, **fields: Any) -> Scene:
    number = next(_numbers)
    user = User.objects.create(username=f"s{number}", email=f"s{number}@uni.example", **fields)
    RoleAssignment.objects.bulk_create([RoleAssignment(user=user, role=role) for role in roles])
    if accepts:
        make_acceptance(user, world.version)
    return Scene(world, user)


def grant(scene: Scene, *, family: Family | None = None, variants: tuple[Variant, ...] = (), **fields: Any) -> Scene:
    """`reason` names the grant: the one that a permission must rest on is called `right`."""
    values: dict[str, Any] = {
        "licence_version": scene.world.version, "starts_at": NOW - DAY, "ends_at": NOW + DAY, "reason": "right",
        "token_quota": 1, "state_reason": "reasons", "whole_family": not variants,
    }  # fmt: skip
    made = Grant.objects.create(holder=scene.person(), family=family or scene.world.family, **{**values, **fields})
    made.variants.set(variants)
    Grant.objects.filter(pk=made.pk).update(number=f"GR-{made.pk:05d}")
    return scene


def application(scene: Scene, state: State, family: Family | None = None, submitted: datetime = NOW - DAY) -> Scene:
    user = scene.person()
    decided = state in (State.APPROVED, State.REFUSED)
    Application.objects.create(
        number=f"GH-{next(_numbers)}", applicant=user, family=family or scene.world.family, state=state, answers={},
        acceptance=user.acceptances.first() or make_acceptance(user, scene.world.old_version), submitted_at=submitted,
        decided_by=_decider() if decided else None, decided_at=NOW if decided else None,
        decision_code="other", decision_text="Why.", what_to_change="What.", may_reapply=decided,
    )  # fmt: skip
    return scene


def _decider() -> User:
    return User.objects.get_or_create(username="situation-decider", email="decider@uni.example")[0]


def about_self(scene: Scene) -> Scene:
    scene.case_about = scene.person().pk
    return scene


def about_the_house(scene: Scene) -> Scene:
    scene.case_about = None
    return scene


def withdrawn(scene: Scene) -> Scene:
    scene.withdrawn = True
    return scene


def accepted(world: World, version: LicenceVersion) -> Scene:
    """A grant, and an acceptance of this text alone."""
    scene = somebody(world, accepts=False)
    make_acceptance(scene.person(), version)
    return grant(scene)


def accepted_by_another(world: World) -> Scene:
    somebody(world)
    return grant(somebody(world, accepts=False))


def granted_to_another(world: World) -> Scene:
    grant(somebody(world), reason="another")
    return somebody(world)


NO_ROLE = ("role_missing",) * (len(ACTIONS) - 3)
NOTHING = ("not_applied",) * 3
ALL = ("right",) * 3
S = Grant.State
Build = Callable[[World], Scene]
Row = tuple[str, Build, tuple[str, ...]]


def _same(code: str) -> tuple[str, ...]:
    return (code, code, code, *NO_ROLE)


def _office(**granted: str) -> tuple[str, ...]:
    return (*NOTHING, *(granted.get(action, "role_missing") for action in ACTIONS[3:]))


STRANGERS: list[Row] = [
    ("nobody", lambda w: Scene(w, None), ("not_signed_in",) * len(ACTIONS)),
    ("an anonymous visitor", lambda w: Scene(w, AnonymousUser()), ("not_signed_in",) * len(ACTIONS)),
    ("a closed account", lambda w: grant(somebody(w, *Role, is_active=False)), ("account_closed",) * len(ACTIONS)),
    ("a superuser of Django", lambda w: somebody(w, is_superuser=True, is_staff=True), _same("not_applied")),
    ("no application", somebody, _same("not_applied")),
    ("submitted", lambda w: application(somebody(w), State.SUBMITTED), _same("pending")),
    ("in review", lambda w: application(somebody(w), State.IN_REVIEW), _same("pending")),
    ("refused", lambda w: application(somebody(w), State.REFUSED), _same("refused")),
    ("withdrew", lambda w: application(somebody(w), State.WITHDRAWN), _same("not_applied")),
    ("approved, no grant", lambda w: application(somebody(w), State.APPROVED), _same("not_applied")),
    (
        "refused, then applied again",
        lambda w: application(application(somebody(w), State.SUBMITTED), State.REFUSED, submitted=NOW - 9 * DAY),
        _same("pending"),
    ),
    (
        "refused, then withdrew another",
        lambda w: application(application(somebody(w), State.WITHDRAWN), State.REFUSED, submitted=NOW - 9 * DAY),
        _same("not_applied"),
    ),
    (
        "two applications at one time, the second refused",
        lambda w: application(application(somebody(w), State.WITHDRAWN), State.REFUSED),
        _same("refused"),
    ),
    (
        "open for another family",
        lambda w: application(somebody(w), State.SUBMITTED, w.other_family),
        ("not_applied", "not_applied", "pending", *NO_ROLE),
    ),
    ("another person's grant", granted_to_another, _same("not_applied")),
    ("another person's application", lambda w: (application(somebody(w), State.REFUSED), somebody(w))[1],
     _same("not_applied")),
]  # fmt: skip

TIMES: list[Row] = [
    ("active", lambda w: grant(somebody(w)), (*ALL, *NO_ROLE)),
    ("begins next moment", lambda w: grant(somebody(w), starts_at=NOW + TICK), _same("grant_not_started")),
    ("begins now", lambda w: grant(somebody(w), starts_at=NOW), (*ALL, *NO_ROLE)),
    ("ended now", lambda w: grant(somebody(w), ends_at=NOW), _same("grant_expired")),
    ("ends next moment", lambda w: grant(somebody(w), ends_at=NOW + TICK), (*ALL, *NO_ROLE)),
    ("expired", lambda w: grant(somebody(w), state=S.EXPIRED, ends_at=NOW - TICK), _same("grant_expired")),
    ("expired ahead of its date", lambda w: grant(somebody(w), state=S.EXPIRED), _same("grant_expired")),
    ("suspended", lambda w: grant(somebody(w), state=S.SUSPENDED), _same("grant_suspended")),
    (
        "suspended before it began",
        lambda w: grant(somebody(w), state=S.SUSPENDED, starts_at=NOW + TICK),
        _same("grant_suspended"),
    ),
    ("suspended past its end", lambda w: grant(somebody(w), state=S.SUSPENDED, ends_at=NOW), _same("grant_expired")),
    ("revoked", lambda w: grant(somebody(w), state=S.REVOKED), _same("grant_revoked")),
    ("revoked, past its end", lambda w: grant(somebody(w), state=S.REVOKED, ends_at=NOW), _same("grant_revoked")),
    (
        "expired and applied again",
        lambda w: application(grant(somebody(w), state=S.EXPIRED), State.SUBMITTED),
        _same("pending"),
    ),
    (
        "expired and refused again",
        lambda w: application(grant(somebody(w), state=S.EXPIRED), State.REFUSED),
        _same("grant_expired"),
    ),
    (
        "expired here, applied elsewhere",
        lambda w: application(grant(somebody(w), state=S.EXPIRED), State.SUBMITTED, w.other_family),
        ("grant_expired", "grant_expired", "pending", *NO_ROLE),
    ),
    (
        "revoked and applied again",
        lambda w: application(grant(somebody(w), state=S.REVOKED), State.SUBMITTED),
        _same("grant_revoked"),
    ),
    (
        "suspended with an application under review",
        lambda w: application(grant(somebody(w), state=S.SUSPENDED), State.SUBMITTED),
        _same("grant_suspended"),
    ),
]

SCOPES: list[Row] = [
    (
        "another size only",
        lambda w: grant(somebody(w), variants=(w.sibling,)),
        ("variant_not_in_scope", "variant_not_in_scope", "right", *NO_ROLE),
    ),
    ("this size only", lambda w: grant(somebody(w), variants=(w.variant,)), (*ALL, *NO_ROLE)),
    ("both sizes", lambda w: grant(somebody(w), variants=(w.variant, w.sibling)), (*ALL, *NO_ROLE)),
    (
        "no downloads",
        lambda w: grant(somebody(w), may_download=False),
        ("download_not_in_scope", "right", "right", *NO_ROLE),
    ),
    (
        "no inference",
        lambda w: grant(somebody(w), may_infer=False),
        ("right", "inference_not_in_scope", "inference_not_in_scope", *NO_ROLE),
    ),
    (
        "suspended, no inference",
        lambda w: grant(somebody(w), may_infer=False, state=S.SUSPENDED),
        _same("grant_suspended"),
    ),
    (
        "licence never accepted",
        lambda w: grant(somebody(w, accepts=False)),
        ("licence_outdated", "licence_outdated", "right", *NO_ROLE),
    ),
    ("licence accepted in an old version", lambda w: accepted(w, w.old_version),
     ("licence_outdated", "licence_outdated", "right", *NO_ROLE)),
    ("licence accepted in a later version", lambda w: accepted(w, w.new_version), (*ALL, *NO_ROLE)),
    ("another licence accepted later", lambda w: accepted(w, w.other_licence),
     ("licence_outdated", "licence_outdated", "right", *NO_ROLE)),
    ("licence accepted by another person", accepted_by_another,
     ("licence_outdated", "licence_outdated", "right", *NO_ROLE)),
    (
        "expired, licence not accepted",
        lambda w: grant(somebody(w, accepts=False), state=S.EXPIRED),
        _same("grant_expired"),
    ),
    (
        "release withdrawn",
        lambda w: withdrawn(grant(somebody(w))),
        ("release_withdrawn", "release_withdrawn", "right", *NO_ROLE),
    ),
    (
        "release withdrawn, no grant",
        lambda w: withdrawn(somebody(w)),
        ("release_withdrawn", "release_withdrawn", "not_applied", *NO_ROLE),
    ),
    (
        "a grant for another family",
        lambda w: grant(somebody(w), family=w.other_family),
        ("not_applied", "not_applied", "right", *NO_ROLE),
    ),
    (
        "an old grant expired, a new one lives",
        lambda w: grant(
            grant(somebody(w)), state=S.EXPIRED, reason="old", starts_at=NOW - 9 * DAY, ends_at=NOW - 8 * DAY
        ),
        (*ALL, *NO_ROLE),
    ),
    (
        "a later grant was revoked, an older one lives",
        lambda w: grant(grant(somebody(w), starts_at=NOW - 9 * DAY), state=S.REVOKED, reason="new"),
        (*ALL, *NO_ROLE),
    ),
    (
        "revoked long ago, expired lately",
        lambda w: grant(grant(somebody(w), state=S.EXPIRED), state=S.REVOKED, starts_at=NOW - 9 * DAY),
        _same("grant_expired"),
    ),
    (
        "two of one moment, the second revoked",
        lambda w: grant(grant(somebody(w), state=S.EXPIRED), state=S.REVOKED),
        _same("grant_revoked"),
    ),
    (
        "no inference here, inference elsewhere",
        lambda w: grant(
            grant(somebody(w), may_infer=False, reason="here"), family=w.other_family, starts_at=NOW - 9 * DAY
        ),
        ("here", "inference_not_in_scope", "right", *NO_ROLE),
    ),
]  # fmt: skip

OFFICES: list[Row] = [
    ("a reviewer", lambda w: somebody(w, Role.REVIEWER), _office(review="ok")),
    ("a decider", lambda w: somebody(w, Role.DECIDER), _office(review="ok", decide="ok")),
    ("a release manager", lambda w: somebody(w, Role.RELEASE_MANAGER), _office(manage_releases="ok")),
    ("an administrator of the office", lambda w: somebody(w, Role.ADMIN), _office(manage_licences="ok")),
    ("an operator", lambda w: somebody(w, Role.OPERATOR), _office(manage_people="ok", operate="ok")),
    ("an auditor", lambda w: somebody(w, Role.AUDITOR), _office(operate="ok")),
    ("a reviewer in the house", lambda w: about_the_house(somebody(w, Role.REVIEWER)), _office(review="ok")),
    ("a reviewer's own case", lambda w: about_self(somebody(w, Role.REVIEWER)), _office(review="own_case")),
    (
        "a decider's own case",
        lambda w: about_self(somebody(w, Role.DECIDER)),
        _office(review="own_case", decide="own_case"),
    ),
    (
        "an operator's own roles",
        lambda w: about_self(somebody(w, Role.OPERATOR)),
        _office(manage_people="own_case", operate="ok"),
    ),
    ("a stranger's own case", lambda w: about_self(somebody(w)), _same("not_applied")),
    (
        "staff with a grant",
        lambda w: grant(somebody(w, Role.REVIEWER)),
        (*ALL, "ok", *("role_missing",) * (len(ACTIONS) - 4)),
    ),
]

TABLE = [*STRANGERS, *TIMES, *SCOPES, *OFFICES]


def answers(policy: ModuleType, scene: Scene) -> Iterator[str]:
    """What this policy says to each action: a refusal's code, or the name of the grant that a permission rests on."""
    for name in ACTIONS:
        decision = policy.decide(scene.actor, policy.Action(name), resource(policy, scene, name), NOW)
        if isinstance(decision, policy.Refused):
            yield decision.code
        else:
            yield decision.grant.reason if decision.grant else "ok"


def model(policy: ModuleType, scene: Scene, variant: Variant | None = None) -> Any:
    world = scene.world
    return policy.Model(
        family_id=world.family.pk, variant_id=(variant or world.variant).pk, licence_version_id=world.version.pk,
        withdrawn=scene.withdrawn, name="Situation 1M", family_slug=world.family.slug,
    )  # fmt: skip


def resource(policy: ModuleType, scene: Scene, action: str) -> Any:
    if action in ("download", "infer"):
        return model(policy, scene)
    about_a_person = action in ("review", "decide", "manage_people") and scene.case_about is not None
    return policy.Case(scene.case_about) if about_a_person else policy.Office()
