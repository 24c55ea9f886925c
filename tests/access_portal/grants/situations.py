"""The parts that situations of the access policy are built of; `table.py` puts them together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from types import ModuleType
from typing import Any

from django.contrib.auth.models import AnonymousUser

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.applications.models import DECIDED_STATES, OPEN_STATES, Application, Decision, State
from access_portal.grants.models import Grant, GrantMember, Stop
from access_portal.licences.models import LicenceVersion
from access_portal.questionnaires.models import FormVersion
from release.models import Family, Variant
from tests.factories import make_acceptance, make_family, make_licence_version, make_variant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)  # the finest time that the database keeps
DAY = timedelta(days=1)
ACTIONS = (
    "download", "infer", "use_inference", "review", "decide", "audit", "administer", "stop", "see_reports",
    "manage_releases", "manage_licences", "manage_forms", "manage_people", "operate",
)  # fmt: skip
ABOUT_SOMEBODY = ("review", "decide", "audit", "administer", "stop", "manage_people")
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
    involved: frozenset[int] = frozenset()

    def person(self) -> User:
        assert isinstance(self.actor, User)
        return self.actor


def make_world(slug: str = "situation") -> World:
    old = make_licence_version(number="1.0", text="Old.")
    version = make_licence_version(old.licence, number="2.0", text="New.")
    family = make_family(slug, version)
    return World(
        family=family,
        variant=make_variant(family, "1m"),
        sibling=make_variant(family, "2m"),
        version=version,
        old_version=old,
        new_version=make_licence_version(old.licence, number="3.0", text="Newer."),
        other_licence=make_licence_version(number="9.0", text="Of another licence."),
        other_family=make_family(f"{slug}-elsewhere", version),
    )


def apart(world: World) -> World:
    """A world of its own, for what would befall everybody else in `world` too."""
    return make_world(f"situation-{next(_numbers)}")


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
    user, family = scene.person(), family or scene.world.family
    form = FormVersion.objects.filter(family=None).latest("number")
    made = Application.objects.create(
        number=f"GH-{next(_numbers)}", applicant=user, family=family, form=form, created_at=submitted,
        acceptance=user.acceptances.first() or make_acceptance(user, scene.world.old_version),
        submitted_at=None if state == State.DRAFT else submitted,
        state=State.DRAFT if state in OPEN_STATES else State.WITHDRAWN,  # until it is decided, just below
    )  # fmt: skip
    if state == State.IN_REVIEW:
        made.claimed_by, made.claimed_at = _decider(), NOW
    if state in DECIDED_STATES:
        verdict = {State.APPROVED: "approve"}.get(state, state.value)
        made.decision = Decision.objects.create(
            application=made, applicant=user, round=1, verdict=verdict, code="other", text="Why.",
            what_to_change="What.", by=_decider(), at=NOW,
        )  # fmt: skip
    made.state = state
    made.save()
    return scene


def approved(scene: Scene, **fields: Any) -> Scene:
    """A grant that came of an application, and is told when it begins."""
    application(scene, State.APPROVED)
    return grant(scene, application=scene.person().applications.get(), **fields)


def _decider() -> User:
    return User.objects.get_or_create(username="situation-decider", email="decider@uni.example")[0]


def lab(scene: Scene, *, joined: bool = True, removed: bool = False, **fields: Any) -> Scene:
    """The person is a member of somebody's lab grant."""
    holder = fields.pop("holder", None) or somebody(scene.world).person()
    values = {"kind": "lab", "lab_name": "The lab", **fields}
    grant(Scene(scene.world, holder), **values)
    person, given = scene.person(), holder.grants.latest("pk")
    GrantMember.objects.create(
        grant=given, email=person.email, invited_by=holder, invited_at=NOW,
        user=person if joined else None, joined_at=NOW if joined else None,
        acceptance=person.acceptances.first() or make_acceptance(person, scene.world.other_licence) if joined else None,
        removed_at=NOW if removed else None, removed_by=holder if removed else None,
    )  # fmt: skip
    return scene


def stop(scene: Scene, *, lifted: bool = False, **target: Any) -> Scene:
    """`target` is a user, grant or family."""
    (scope,) = target
    names = {"user": "person", "grant": "lab"}
    Stop.objects.create(
        scope=names.get(scope, scope), reason="reasons", by=_decider(), at=NOW, **target,
        lifted_by=_decider() if lifted else None, lifted_at=NOW if lifted else None,
    )  # fmt: skip
    return scene


def involved(scene: Scene, *others: int) -> Scene:
    scene.involved = frozenset(others or [scene.person().pk])
    return scene


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
    about_a_person = action in ABOUT_SOMEBODY and scene.case_about is not None
    return policy.Case(scene.case_about, scene.involved) if about_a_person else policy.Office()
