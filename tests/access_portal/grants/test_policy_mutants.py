# ruff: noqa: E501
"""The table of situations would notice any of these faults in the access predicate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import transaction

from access_portal.grants import policy
from tests.access_portal.grants.situations import NOW, TABLE, Scene, answers, make_world, model

SOURCE = Path(policy.__file__).read_text()
MUTATIONS = [
    # who asks
    ("    if not isinstance(actor, User):\n", "    if False:\n"),
    ("    if not actor.is_active:\n", "    if False:\n"),
    # which rule answers which action
    ("case Action.DOWNLOAD | Action.INFER:", "case Action.DOWNLOAD:"),
    ("return _decide_case(actor, resource, Role.REVIEWER, Role.DECIDER)", "return Granted()"),
    ("resource, Role.REVIEWER, Role.DECIDER)", "resource, Role.REVIEWER)"),
    ("resource, Role.REVIEWER, Role.DECIDER)", "resource, Role.DECIDER)"),
    ("_decide_case(actor, resource, Role.DECIDER)", "_decide_case(actor, resource, Role.DECIDER, Role.REVIEWER)"),
    ("_decide_case(actor, resource, Role.DECIDER)", "_decide_role(actor, Role.DECIDER)"),
    ("return _decide_role(actor, Role.RELEASE_MANAGER)", "return _decide_role(actor, Role.OPERATOR)"),
    ("_decide_case(actor, resource, Role.OPERATOR)", "_decide_role(actor, Role.OPERATOR)"),
    ("_decide_case(actor, resource, Role.OPERATOR)", "_decide_case(actor, resource, Role.AUDITOR)"),
    ("return _decide_role(actor, Role.OPERATOR, Role.AUDITOR)", "return _decide_role(actor, Role.OPERATOR)"),
    ("return _decide_role(actor, Role.OPERATOR, Role.AUDITOR)", "return _decide_role(actor, Role.AUDITOR)"),
    # a model
    ("    if model.withdrawn:\n", "    if False:\n"),
    ("filter(holder=actor, family_id=model.family_id)", "filter(holder=actor)"),
    ("filter(holder=actor, family_id=model.family_id)", "filter(family_id=model.family_id)"),
    ('family_id=model.family_id).order_by("-starts_at", "-pk")', 'family_id=model.family_id).order_by("pk")'),
    ('family_id=model.family_id).order_by("-starts_at", "-pk")', 'family_id=model.family_id).order_by("-starts_at", "pk")'),
    ('family_id=model.family_id).order_by("-starts_at", "-pk")', 'family_id=model.family_id).order_by("-pk")'),
    ("    for grant in grants:\n        refusal = _grant_problem(grant, now) or", "    for grant in grants[:1]:\n        refusal = _grant_problem(grant, now) or"),
    ("_grant_problem(grant, now) or _scope_problem(grant, action, model)", "_scope_problem(grant, action, model)"),
    ("_grant_problem(grant, now) or _scope_problem(grant, action, model)", "_grant_problem(grant, now)"),
    ("_grant_problem(grant, now) or _scope_problem(grant, action, model)", "_scope_problem(grant, action, model) or _grant_problem(grant, now)"),
    ("return _licence_problem(actor, model) or Granted(grant)", "return Granted(grant)"),
    ("return _licence_problem(actor, model) or Granted(grant)", "return _licence_problem(actor, model) or Granted(grants[0])"),
    ("_being_renewed(actor, model, refusals[0])", "_being_renewed(actor, model, refusals[-1])"),
    ("_being_renewed(actor, model, refusals[0])", "refusals[0]"),
    ('if refusal.code != "grant_expired":', "if False:"),
    ('if without.code == "pending" else refusal', 'if without.code != "not_applied" else refusal'),
    ("    without = _without_grant(actor, model)", "    without = _without_grant(actor, None)"),
    # the API as a whole
    ("Grant.objects.filter(holder=actor).order_by", "Grant.objects.filter().order_by"),
    ('filter(holder=actor).order_by("-starts_at", "-pk")', 'filter(holder=actor).order_by("starts_at", "pk")'),
    ("if refusal is None and grant.may_infer:", "if grant.may_infer:"),
    ("if refusal is None and grant.may_infer:", "if refusal is None:"),
    ("if refusal is None and grant.may_infer:", "if refusal is None or grant.may_infer:"),
    ("refusals.append(refusal or _no_inference())", "refusals.append(_no_inference())"),
    ("_being_renewed(actor, None, refusals[0]) if refusals else", "refusals[0] if refusals else"),
    ("_being_renewed(actor, None, refusals[0]) if refusals else", "_being_renewed(actor, None, refusals[-1]) if refusals else"),
    # without a grant
    ("Application.objects.filter(applicant=actor)", "Application.objects.filter()"),
    ("    if model is not None:\n", "    if False:\n"),
    ('order_by("-submitted_at", "-pk").first()', 'order_by("submitted_at", "-pk").first()'),
    ('order_by("-submitted_at", "-pk").first()', 'order_by("-submitted_at", "pk").first()'),
    ("latest.state in OPEN_STATES", "latest.state == OPEN_STATES[0]"),
    ("latest.state in OPEN_STATES", "latest.state == OPEN_STATES[1]"),
    ("latest.state in OPEN_STATES", "latest.state not in OPEN_STATES"),
    ("latest.state == State.REFUSED", "latest.state != State.REFUSED"),
    ("latest.state == State.REFUSED", "latest.state == State.WITHDRAWN"),
    # a grant in time
    ("grant.state == Grant.State.REVOKED", "False"),
    ("grant.state == Grant.State.EXPIRED or now >= grant.ends_at", "now >= grant.ends_at"),
    ("grant.state == Grant.State.EXPIRED or now >= grant.ends_at", "grant.state == Grant.State.EXPIRED"),
    ("now >= grant.ends_at", "now > grant.ends_at"),
    ("now >= grant.ends_at", "now <= grant.ends_at"),
    ("grant.state != Grant.State.ACTIVE", "False"),
    ("grant.state != Grant.State.ACTIVE", "grant.state == Grant.State.ACTIVE"),
    ("    if now < grant.starts_at:", "    if False:"),
    ("    if now < grant.starts_at:", "    if now <= grant.starts_at:"),
    ("    if now < grant.starts_at:", "    if now > grant.starts_at:"),
    # a grant's scope
    ("if scope and model.variant_id not in scope:", "if False:"),
    ("if scope and model.variant_id not in scope:", "if model.variant_id not in scope:"),
    ("if scope and model.variant_id not in scope:", "if scope and model.variant_id in scope:"),
    ("if scope and model.variant_id not in scope:", "if len(scope) > 1 and model.variant_id not in scope:"),
    ("action == Action.DOWNLOAD and not grant.may_download", "False"),
    ("action == Action.DOWNLOAD and not grant.may_download", "not grant.may_download"),
    ("action == Action.DOWNLOAD and not grant.may_download", "action == Action.DOWNLOAD and grant.may_download"),
    ("action == Action.INFER and not grant.may_infer", "False"),
    ("action == Action.INFER and not grant.may_infer", "not grant.may_infer"),
    # a licence
    ("filter(user=actor, version__licence=text.licence)", "filter(user=actor)"),
    ("filter(user=actor, version__licence=text.licence)", "filter(version__licence=text.licence)"),
    ("accepted.filter(version__published_at__gte=text.published_at)", "accepted"),
    ("version__published_at__gte=text.published_at", "version__published_at__gt=text.published_at"),
    ("version__published_at__gte=text.published_at", "version__published_at=text.published_at"),
    # a role
    ("resource.applicant_id == actor.pk", "resource.applicant_id != actor.pk"),
    ("resource.applicant_id == actor.pk and isinstance(decision, Granted)", "resource.applicant_id == actor.pk"),
    ("    if actor.has_role(*roles):\n", "    if True:\n"),
    ("    if actor.has_role(*roles):\n", "    if actor.is_office:\n"),
    ("    if actor.has_role(*roles):\n", "    if actor.is_superuser or actor.has_role(*roles):\n"),
    # a list
    ("as_model(item), now), Granted)", "as_model(item), now), Refused)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def scenes(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Scene]]:
    """The situations of the table, made once for all mutants: a mutant only reads."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = make_world()
        yield [build(world) for _, build, _ in TABLE]
        transaction.set_rollback(True)


def test_the_policy_itself_survives(scenes: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    assert survives(load(SOURCE, monkeypatch), scenes)


@pytest.mark.parametrize(("found", "instead"), MUTATIONS)
def test_the_table_catches(found: str, instead: str, scenes: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    assert SOURCE.count(found) == 1
    assert not survives(load(SOURCE.replace(found, instead), monkeypatch), scenes)


def load(source: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("access_policy_mutant")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, "<mutant>", "exec"), module.__dict__)  # noqa: S102 - our own file, changed by this one
    return module


def survives(mutant: ModuleType, scenes: list[Scene]) -> bool:
    """Whether this policy answers as the table says; one that crashes does not."""
    try:
        return all(
            tuple(answers(mutant, scene)) == expected and listed(mutant, scene) == (expected[0] in ("right", "here"))
            for scene, (_, _, expected) in zip(scenes, TABLE, strict=True)
        )
    except Exception:
        return False


def listed(mutant: ModuleType, scene: Scene) -> bool:
    """Whether the model is in the list of what this person may download."""
    items = [model(mutant, scene)]
    return bool(mutant.usable(scene.actor, mutant.Action.DOWNLOAD, items, lambda item: item, NOW))
