# ruff: noqa: E501
"""The table of situations would notice any of these faults in the rules of access."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import transaction

from access_portal.accounts.models import User
from access_portal.grants.models import Stop
from tests.access_portal.grants.situations import NOW, Scene, answers, make_world, model
from tests.access_portal.grants.table import TABLE

pytestmark = pytest.mark.django_db  # unmarked tests come after those that commit, whose flush empties the database

ROOM = "access_portal.grants"
MODULES = (
    "queries",
    "facts",
    "consent",
    "rights",
    "chain",
    "policy",
)  # each is loaded anew, in the order of their imports
SOURCES = {name: Path(str(importlib.import_module(f"{ROOM}.{name}").__file__)).read_text() for name in MODULES}
MUTATIONS = [
    # who asks
    ("chain", "    if not isinstance(actor, User):\n", "    if actor is None:\n"),
    ("facts", "        actor.is_active,\n", "        True,\n"),
    ("facts", "Stop.objects.filter(lifted_at__isnull=True)", "Stop.objects.all()"),
    ("facts", "next((stop for stop in stops if stop.user_id == actor.pk), None)", "next(iter(stops), None)"),
    ("facts", "yield stopped(stop) if stop else Fact(", "yield Fact("),
    ("facts", '"mints_on_hold" if stop.scope == Stop.Scope.HOUSE', '"mints_on_hold" if stop.scope == Stop.Scope.FAMILY'),
    # an office
    ("facts", "Action.REVIEW: (Role.REVIEWER, Role.DECIDER)", "Action.REVIEW: (Role.REVIEWER,)"),
    ("facts", "Action.REVIEW: (Role.REVIEWER, Role.DECIDER)", "Action.REVIEW: (Role.DECIDER,)"),
    ("facts", "Action.DECIDE: (Role.DECIDER,)", "Action.DECIDE: (Role.DECIDER, Role.REVIEWER)"),
    ("facts", "Action.AUDIT: (Role.AUDITOR, Role.ADMIN)", "Action.AUDIT: (Role.AUDITOR,)"),
    ("facts", "Action.ADMINISTER: (Role.ADMIN,)", "Action.ADMINISTER: (Role.ADMIN, Role.DECIDER)"),
    ("facts", "Action.STOP: (Role.DECIDER, Role.ADMIN, Role.OPERATOR)", "Action.STOP: (Role.ADMIN, Role.OPERATOR)"),
    ("facts", "Action.SEE_REPORTS: (Role.REVIEWER, Role.DECIDER,", "Action.SEE_REPORTS: (Role.DECIDER,"),
    ("facts", "Action.MANAGE_RELEASES: (Role.RELEASE_MANAGER,)", "Action.MANAGE_RELEASES: (Role.OPERATOR,)"),
    ("facts", "Action.MANAGE_LICENCES: (Role.ADMIN,)", "Action.MANAGE_LICENCES: (Role.RELEASE_MANAGER,)"),
    ("facts", "Action.MANAGE_FORMS: (Role.ADMIN,)", "Action.MANAGE_FORMS: (Role.REVIEWER,)"),
    ("facts", "Action.MANAGE_PEOPLE: (Role.ADMIN, Role.OPERATOR)", "Action.MANAGE_PEOPLE: (Role.OPERATOR,)"),
    ("facts", "Action.OPERATE: (Role.OPERATOR, Role.AUDITOR)", "Action.OPERATE: (Role.OPERATOR,)"),
    ("facts", "Action.OPERATE: (Role.OPERATOR, Role.AUDITOR)", "Action.OPERATE: (Role.AUDITOR,)"),
    ("facts", "if actor.has_role(role)]", "if True]"),
    ("facts", "if actor.has_role(role)]", "if actor.is_office]"),
    ("facts", "if actor.has_role(role)]", "if actor.is_superuser or actor.has_role(role)]"),
    ("facts", "    if isinstance(resource, Case):\n", "    if False:\n"),
    ("facts", "own = case.applicant_id == actor.pk", "own = case.applicant_id != actor.pk"),
    ("facts", "own = case.applicant_id == actor.pk", "own = False"),
    ("facts", "    if action in JUDGING:\n", "    if True:\n"),
    ("facts", "    if action in JUDGING:\n", "    if action not in JUDGING:\n"),
    ("facts", "JUDGING = (Action.REVIEW, Action.DECIDE)", "JUDGING = (Action.REVIEW,)"),
    ("facts", "JUDGING = (Action.REVIEW, Action.DECIDE)", "JUDGING = (Action.DECIDE,)"),
    ("facts", "near = actor.pk in case.involved", "near = bool(case.involved)"),
    # whose grants
    ("queries", "user_id = %s AND removed_at", "%s > 0 AND removed_at"),
    ("queries", " AND removed_at IS NULL", ""),
    ("queries", "WHERE holder_id = %s OR (kind", "WHERE %s < 0 OR (kind"),
    ("queries", "OR (kind = 'lab' AND id IN", "OR (id IN"),
    ("queries", "OR (kind = 'lab' AND id IN", "OR (kind = 'person' AND id IN"),
    ("queries", "    return grant.state != Grant.State.UNDONE and (", "    return ("),
    ("queries", "(grant.application_id is None or grant.starts_at <= now)", "True"),
    ("queries", "ORDER BY starts_at DESC, id DESC", "ORDER BY id"),
    ("queries", "ORDER BY starts_at DESC, id DESC", "ORDER BY starts_at DESC, id"),
    ("queries", "ORDER BY starts_at DESC, id DESC", "ORDER BY id DESC"),
    ("queries", "        if grant.holder_id == user.pk:\n", "        if True:\n"),
    # the chain
    ("chain", "    yield from about_the_asker(actor, stops)\n", "    yield from list(about_the_asker(actor, stops))[:1]\n"),
    ("chain", "        not model.withdrawn,\n", "        True,\n"),
    ("chain", " if grant.family_id == model.family_id]", "]"),
    ("chain", "        yield from rights.life(actor, grant, stops, now)\n        yield from rights.reach", "        yield from rights.reach"),
    ("chain", "        yield from rights.life(actor, grant, stops, now)\n        yield rights.allows", "        yield rights.allows"),
    ("chain", "        yield from rights.reach(grant, action, model)\n", ""),
    ("chain", "        yield rights.accepted_licence(actor, model, now)\n", ""),
    ("chain", "        yield rights.allows_inference(grant)\n", ""),
    ("chain", "if all(fact.holds for fact in links)), chains[0])", "if all(fact.holds for fact in links)), chains[-1])"),
    ("chain", "next((links for links in chains if all(fact.holds for fact in links)), chains[0])", "chains[0]"),
    ("chain", "chains = [list(facts(grant)) for grant in grants]", "chains = [list(facts(grant)) for grant in grants[:1]]"),
    ("chain", "        yield _applied_again(actor, model, fact, now)", "        yield fact"),
    ("chain", "if fact.holds or fact.code not in OVER:", "if fact.holds:"),
    ("chain", 'OVER = ("grant_expired", "grant_surrendered", "grant_superseded")', 'OVER = ("grant_expired",)'),
    ("chain", "applied if applied.code in UNDER_WAY else fact", 'applied if applied.code != "not_applied" else fact'),
    ("chain", "applied if applied.code in UNDER_WAY else fact", "applied"),
    ("chain", 'UNDER_WAY = ("pending", "info_requested")', 'UNDER_WAY = ("pending",)'),
    ("chain", "    applied = _applied(actor, model, now)\n", "    applied = _applied(actor, None, now)\n"),
    # stops
    ("facts", "return sorted(stops, key=lambda stop: stop.scope != Stop.Scope.HOUSE)", "return list(stops)"),
    ("facts", "return sorted(stops, key=lambda stop: stop.scope != Stop.Scope.HOUSE)", "return list(stops[:1])"),
    ("rights", "return stop.user_id == grant.holder_id", "return False"),
    ("rights", "return stop.user_id == grant.holder_id", "return True"),
    ("rights", "return stop.grant_id == grant.pk", "return False"),
    ("rights", "return stop.grant_id == grant.pk", "return True"),
    ("rights", "return stop.family_id == grant.family_id", "return False"),
    ("rights", "return stop.family_id == grant.family_id", "return True"),
    ("rights", "        case _:\n            return True", "        case _:\n            return False"),
    ("rights", "    yield _not_stopped(grant, stops)\n    yield _not_given_up(grant)\n", "    yield _not_given_up(grant)\n    yield _not_stopped(grant, stops)\n"),
    # without a grant
    ("chain", "Application.objects.filter(applicant=actor)", "Application.objects.filter()"),
    ("chain", "    if model is not None:\n", "    if False:\n"),
    ("chain", 'Coalesce("submitted_at", "created_at").desc(), "-pk"', 'Coalesce("submitted_at", "created_at"), "-pk"'),
    ("chain", 'Coalesce("submitted_at", "created_at").desc(), "-pk"', 'Coalesce("submitted_at", "created_at").desc(), "pk"'),
    ("chain", "latest.state not in OPEN_STATES and", "latest.state == State.WITHDRAWN and"),
    ("chain", "and latest.state not in REFUSED_STATES)", ")"),
    ("chain", "    if application.state in REFUSED_STATES:", "    if application.state == REFUSED_STATES[0]:"),
    ("chain", "    if application.state in REFUSED_STATES:", "    if application.state == REFUSED_STATES[1]:"),
    ("chain", "if application.state == State.DRAFT:", "if False:"),
    ("chain", "if application.state == State.INFO_REQUESTED:", "if False:"),
    # a grant in time
    ("rights", "grant.state == State.REVOKED", "False"),
    ("rights", "grant.state == State.SURRENDERED", "False"),
    ("rights", "grant.state == State.SUPERSEDED", "False"),
    ("rights", "grant.state == State.EXPIRED or now >= grant.ends_at", "now >= grant.ends_at"),
    ("rights", "grant.state == State.EXPIRED or now >= grant.ends_at", "grant.state == State.EXPIRED"),
    ("rights", "now >= grant.ends_at", "now > grant.ends_at"),
    ("rights", "now >= grant.ends_at", "now <= grant.ends_at"),
    ("rights", "active = grant.state != State.SUSPENDED", "active = True"),
    ("rights", "begun = now >= grant.starts_at", "begun = True"),
    ("rights", "begun = now >= grant.starts_at", "begun = now > grant.starts_at"),
    ("rights", "    yield _not_ended(grant, now)\n    yield _not_suspended(grant)\n", "    yield _not_suspended(grant)\n    yield _not_ended(grant, now)\n"),
    ("rights", "there = grant.holder.is_active", "there = True"),
    ("rights", "    if grant.holder_id != actor.pk:\n", "    if False:\n"),
    # a grant's scope
    ("rights", "covered = grant.whole_family or grant.variants.filter(pk=model.variant_id).exists()", "covered = True"),
    ("rights", "grant.whole_family or grant.variants", "grant.variants"),
    ("rights", "grant.variants.filter(pk=model.variant_id)", "grant.variants.filter()"),
    ("rights", "allows_downloads(grant) if action == Action.DOWNLOAD else allows_inference(grant)", "allows_downloads(grant)"),
    ("rights", "allows_downloads(grant) if action == Action.DOWNLOAD else allows_inference(grant)", "allows_inference(grant)"),
    ("rights", "        grant.may_download,\n", "        True,\n"),
    ("rights", "        grant.may_infer,\n", "        True,\n"),
    # a licence
    ("consent", "a.version_id = v.id AND a.user_id", "a.user_id"),
    ("consent", "AND a.user_id = %s", "AND %s > 0"),
    ("consent", "ON asked.licence_id = v.licence_id", "ON TRUE"),
    ("consent", "v.published_at DESC, v.id DESC", "v.published_at, v.id"),
    ("rights", "    if accepted.published_at < text.published_at:", "    if False:"),
    ("rights", "    if accepted.published_at < text.published_at:", "    if accepted.published_at <= text.published_at:"),
    ("rights", "    if accepted.published_at < text.published_at:", "    if accepted.published_at != text.published_at:"),
    ("rights", "    if required is not None and accepted.published_at < required.published_at:", "    if False:"),
    ("rights", "accepted.published_at < required.published_at", "accepted.published_at <= required.published_at"),
    ("consent", "if row.reconsent_by is not None and row.reconsent_by <= now", "if True"),
    ("consent", "if row.reconsent_by is not None and row.reconsent_by <= now", "if row.reconsent_by is not None"),
    # a list, and an answer
    ("policy", "as_model(item), now), Granted)", "as_model(item), now), Refused)"),
    ("policy", "        if not fact.holds:\n", "        if False:\n"),
    ("policy", "grant = fact.grant or grant", "grant = fact.grant"),
]  # fmt: skip


@pytest.fixture(scope="module")
def scenes(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Scene]]:
    """The situations of the table, made once for all mutants: a mutant only reads."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = make_world()
        yield [build(world) for _, build, _ in TABLE]
        transaction.set_rollback(True)


def test_the_policy_itself_survives(scenes: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    assert survives(load(SOURCES, monkeypatch), scenes)


@pytest.mark.parametrize(("name", "found", "instead"), MUTATIONS)
def test_the_table_catches(
    name: str, found: str, instead: str, scenes: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SOURCES[name].count(found) == 1
    mutated = {**SOURCES, name: SOURCES[name].replace(found, instead)}
    assert not survives(load(mutated, monkeypatch), scenes)


def load(sources: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The policy, with all that it is made of, from these texts."""
    room = importlib.import_module(ROOM)
    for name in MODULES:
        module = ModuleType(f"{ROOM}.{name}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(room, name, module)
        exec(compile(sources[name], "<mutant>", "exec"), module.__dict__)  # noqa: S102 - our own files, changed here
    return module


def survives(mutant: ModuleType, scenes: list[Scene]) -> bool:
    """Whether this policy answers as the table says; one that crashes does not."""
    try:
        return all(
            tuple(answers(mutant, scene)) == expected and listed(mutant, scene) == (expected[0] in ("right", "here"))
            for scene, (_, _, expected) in zip(scenes, TABLE, strict=True)
        ) and holds_the_house(mutant, scenes)
    except Exception:
        return False


def listed(mutant: ModuleType, scene: Scene) -> bool:
    """Whether the model is in the list of what this person may download."""
    items = [model(mutant, scene)]
    return bool(mutant.usable(scene.actor, mutant.Action.DOWNLOAD, items, lambda item: item, NOW))


def holds_the_house(mutant: ModuleType, scenes: list[Scene]) -> bool:
    """Whether a stop of the house refuses what was granted, and nobody's office."""
    with transaction.atomic():
        by = User.objects.create(username="mutant-stopper", email="mutant@uni.example")
        Stop.objects.create(scope="house", reason="reasons", by=by, at=NOW)
        held = all(
            tuple(answers(mutant, scene)) == ("mints_on_hold", *("mints_on_hold",) * 2, *expected[3:])
            for scene, (_, _, expected) in zip(scenes, TABLE, strict=True)
            if expected[:3] == ("right",) * 3
        )
        transaction.set_rollback(True)
    return held
