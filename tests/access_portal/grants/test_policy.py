"""The access predicate says to each action in each situation what the table says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from access_portal.accounts.models import User
from access_portal.errors import PermissionRefusedError
from access_portal.grants import facts, policy
from access_portal.grants.models import Grant, GrantMember, Stop
from tests.access_portal.grants import situations
from tests.access_portal.grants.situations import (
    ACTIONS,
    DAY,
    NOW,
    TICK,
    Scene,
    World,
    grant,
    lab,
    make_world,
    somebody,
    stop,
)
from tests.access_portal.grants.table import ABOUT_THEM, TABLE, Build
from tests.factories import make_licence_version

pytestmark = pytest.mark.django_db


def test_the_table_has_a_column_for_every_action() -> None:
    assert set(ACTIONS) == set(policy.Action)
    assert len({name for name, _, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(("build", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_policy_answers_as_the_table_says(build: Build, expected: tuple[str, ...]) -> None:
    scene = build(make_world())
    assert dict(zip(ACTIONS, situations.answers(policy, scene), strict=True)) == dict(
        zip(ACTIONS, expected, strict=True)
    )


@pytest.mark.parametrize("build", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_every_refusal_says_why_and_what_helps(build: Build) -> None:
    scene = build(make_world())
    for action in policy.Action:
        resource = situations.resource(policy, scene, action)
        decision = policy.decide(scene.actor, action, resource, NOW)
        if isinstance(decision, policy.Refused):
            assert decision.explanation.endswith((".", "reasons"))
            assert "%(" not in decision.explanation
            assert decision.remedy.endswith(".")
            if decision.remedy_path:
                resolve(decision.remedy_path)


PATHS: dict[str, str | tuple[str, ...]] = {
    "not_signed_in": "/account/login/",
    "release_withdrawn": "/models/situation",
    "pending": "/applications/GH-",
    "info_requested": "/applications/GH-",
    "refused": "/applications/GH-",
    "not_applied": ("/apply/situation", "/applications/GH-"),
    "variant_not_in_scope": "/apply/situation/",
    "licence_outdated": "/licences/",
    "not_accepted_by_you": "/licences/",
}


@pytest.mark.parametrize(("name", "build", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_the_remedy_of_a_download_leads_to_the_right_page(name: str, build: Build, expected: tuple[str, ...]) -> None:
    scene = build(make_world())
    decision = policy.decide(scene.actor, policy.Action.DOWNLOAD, situations.model(policy, scene), NOW)
    if isinstance(decision, policy.Refused) and decision.code != "account_closed":
        assert decision.remedy_path.startswith(PATHS.get(decision.code, "/grants/"))


@pytest.mark.parametrize("build", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_explanation_never_disagrees_with_the_answer(build: Build) -> None:
    scene = build(make_world())
    for action in policy.Action:
        resource = situations.resource(policy, scene, action)
        decision = policy.decide(scene.actor, action, resource, NOW)
        facts = policy.explain(scene.actor, action, resource, NOW)
        assert all(fact.text.endswith((".", "reasons")) and "%(" not in fact.text for fact in facts)
        broken = [fact for fact in facts if not fact.holds]
        if isinstance(decision, policy.Granted):
            assert facts
            assert not broken
            assert [fact.grant for fact in facts if fact.grant] == ([decision.grant] if decision.grant else [])
        else:
            said = broken[0]
            assert (said.code, said.text, said.remedy, said.path) == (
                decision.code, decision.explanation, decision.remedy, decision.remedy_path,
            )  # fmt: skip


def test_the_whole_chain_of_a_member_is_told() -> None:
    scene = lab(somebody(make_world()))
    facts = policy.explain(scene.actor, policy.Action.DOWNLOAD, situations.model(policy, scene), NOW)
    assert [fact.code for fact in facts] == [
        "not_signed_in", "account_closed", "stopped", "release_withdrawn", "not_applied", "stopped", "grant_revoked",
        "grant_expired", "grant_suspended", "grant_not_started", "lab_without_holder", "variant_not_in_scope",
        "download_not_in_scope", "licence_outdated",
    ]  # fmt: skip
    assert facts[4].text.startswith("You are a member of The lab, whose grant is GR-")
    assert facts[7].text == "It lasts until March 2, 2026."


def test_the_explanation_goes_on_after_the_first_obstacle() -> None:
    scene = grant(somebody(make_world(), accepts=False), state="suspended", may_download=False)
    facts = policy.explain(scene.actor, policy.Action.DOWNLOAD, situations.model(policy, scene), NOW)
    assert [fact.code for fact in facts if not fact.holds] == [
        "grant_suspended", "download_not_in_scope", "not_accepted_by_you",
    ]  # fmt: skip


@pytest.mark.parametrize(("build", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_stop_of_the_house_holds_whatever_a_grant_would_give(build: Build, expected: tuple[str, ...]) -> None:
    scene = stop_of_the_house(build(make_world()))
    answers = list(situations.answers(policy, scene))
    assert answers[3:] == list(expected[3:])  # offices go on: somebody has to lift it
    for answer, before in zip(answers[:3], expected[:3], strict=True):
        assert answer == "mints_on_hold" if before in ("right", "here") else answer in (before, "mints_on_hold")


def stop_of_the_house(scene: Scene, *, lifted: bool = False) -> Scene:
    by = User.objects.create(username="stopper", email="stopper@uni.example")
    Stop.objects.create(
        scope="house", reason="reasons", by=by, at=NOW, lifted_by=by if lifted else None,
        lifted_at=NOW if lifted else None,
    )  # fmt: skip
    return scene


def test_a_lifted_stop_of_the_house_stops_nothing() -> None:
    scene = stop_of_the_house(grant(somebody(make_world())), lifted=True)
    assert list(situations.answers(policy, scene))[:3] == ["right"] * 3


def test_work_goes_on_under_its_own_grant_or_one_in_its_place() -> None:
    scene = lab(grant(somebody(make_world()), starts_at=NOW - 9 * DAY, reason="own"), reason="of the lab")
    own, labs = (Grant.objects.get(reason=reason) for reason in ("own", "of the lab"))
    for under, rests_on in ((None, labs), (own.pk, own), (labs.pk, labs)):
        resource = replace(situations.model(policy, scene), under=under)
        assert policy.decide(scene.actor, policy.Action.INFER, resource, NOW) == policy.Granted(rests_on)
    Grant.objects.filter(pk=own.pk).update(state="superseded")
    resource = replace(situations.model(policy, scene), under=own.pk)
    refused = policy.decide(scene.actor, policy.Action.INFER, resource, NOW)
    assert isinstance(refused, policy.Refused)
    assert refused.code == "grant_superseded"
    grant(scene, supersedes=own, reason="renewed")
    assert policy.decide(scene.actor, policy.Action.INFER, resource, NOW) == policy.Granted(
        Grant.objects.get(reason="renewed")
    )


def test_a_revocation_hits_no_other_family() -> None:
    """Two families under one licence, granted to one person: ending one right leaves the other as it was."""
    world = make_world()
    scene = grant(somebody(world), reason="here")
    grant(scene, family=world.other_family, reason="elsewhere")
    here = situations.model(policy, scene)
    there = replace(here, family_id=world.other_family.pk)
    Grant.objects.filter(reason="elsewhere").update(state="revoked", state_reason="reasons")
    assert isinstance(policy.decide(scene.actor, policy.Action.DOWNLOAD, here, NOW), policy.Granted)
    assert isinstance(policy.decide(scene.actor, policy.Action.DOWNLOAD, there, NOW), policy.Refused)


def test_whoever_runs_an_office_has_no_more_than_the_table_says() -> None:
    """The roles and what they may do, said once more from the other side: nothing is left out of either."""
    said = {action: {role for role, actions in ABOUT_THEM.items() if action in actions} for action in ACTIONS[3:]}
    assert {action: set(roles) for action, roles in facts.ROLES.items()} == said


def test_require_raises_what_decide_answers() -> None:
    scene = somebody(make_world())
    model = situations.model(policy, scene)
    refused = policy.decide(scene.actor, policy.Action.INFER, model, NOW)
    assert isinstance(refused, policy.Refused)
    with pytest.raises(PermissionRefusedError) as error:
        policy.require(scene.actor, policy.Action.INFER, model, NOW)
    said = error.value
    assert (said.code, said.explanation, said.remedy, said.remedy_path) == (
        refused.code, refused.explanation, refused.remedy, refused.remedy_path,
    )  # fmt: skip
    assert said.status == 403


def test_require_returns_the_grant_that_a_permission_rests_on() -> None:
    scene = grant(somebody(make_world()))
    granted = policy.require(scene.actor, policy.Action.DOWNLOAD, situations.model(policy, scene), NOW)
    assert granted.grant == Grant.objects.get(holder=scene.person())


STATES = st.sampled_from(Grant.State.values)
OFFSETS = st.sampled_from([-2 * TICK, -TICK, 0 * TICK, TICK, 2 * TICK])
SCOPES = st.sampled_from([(), (0,), (1,), (0, 1)])
GRANTS = st.lists(
    st.tuples(STATES, OFFSETS, OFFSETS, SCOPES, st.booleans(), st.booleans()).filter(lambda g: g[1] < g[2]), max_size=2
)
LABS = st.lists(
    st.tuples(st.booleans(), st.booleans(), STATES, OFFSETS, OFFSETS, SCOPES, st.booleans(), st.booleans()).filter(
        lambda g: g[3] < g[4]
    ),
    max_size=2,
)
CONSENT = st.sampled_from(["given", "none", "due", "in grace"])
STOPPED = st.sampled_from(["nothing", "person", "family", "another family", "lab", "holder"])


class TestUsable(TestCase):
    """`usable`, the gate, the explanation and the rule written down a second time agree, whatever people hold."""

    world: World

    @classmethod
    def setUpTestData(cls) -> None:
        cls.world = make_world()

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(GRANTS, LABS, CONSENT, st.booleans(), st.booleans(), STOPPED, st.sampled_from(["download", "infer"]))
    def test_a_list_holds_what_the_gate_opens(
        self, grants: list[tuple[Any, ...]], labs: list[tuple[Any, ...]], consent: str, active: bool, gone: bool,
        stopped: str, wanted: str,
    ) -> None:  # fmt: skip
        world = self.world
        scene = somebody(world, accepts=consent != "none", is_active=active)
        scene.withdrawn = gone
        sizes = (world.variant, world.sibling)
        live = 0
        for state, *terms in grants:
            live += state in ("active", "suspended")
            if live > 1:
                break  # the database forbids it
            grant(scene, state=state, **_terms(sizes, *terms))
        for joined, removed, state, *terms in labs:
            lab(scene, joined=joined, removed=removed, state=state, **_terms(sizes, *terms))
        if consent in ("due", "in grace"):
            by = NOW if consent == "due" else NOW + TICK
            make_licence_version(world.version.licence, number="4.0", text="Newest.", reconsent_by=by)
        _stop(scene, stopped)
        action = policy.Action(wanted)
        items = [situations.model(policy, scene, size) for size in sizes]
        listed = policy.usable(scene.actor, action, items, lambda item: item, NOW)
        opened = [i for i in items if isinstance(policy.decide(scene.actor, action, i, NOW), policy.Granted)]
        explained = [i for i in items if all(f.holds for f in policy.explain(scene.actor, action, i, NOW))]
        assert listed == opened == explained
        may = active and consent in ("given", "in grace") and not gone
        assert listed == [i for i in items if may and covered(scene.person(), i.variant_id, wanted)]


def _terms(sizes: tuple[Any, ...], start: Any, end: Any, scope: Any, may_download: bool, may_infer: bool) -> Any:
    return {
        "starts_at": NOW + start, "ends_at": NOW + end, "variants": tuple(sizes[i] for i in scope),
        "may_download": may_download, "may_infer": may_infer,
    }  # fmt: skip


def _stop(scene: Scene, what: str) -> None:
    labs = Grant.objects.filter(kind="lab", members__user=scene.person())
    if what == "person":
        stop(scene, user=scene.person())
    elif what == "family":
        stop(scene, family=scene.world.family)
    elif what == "another family":
        stop(scene, family=scene.world.other_family)
    elif what == "lab" and (found := labs.first()):
        stop(scene, grant=found)
    elif what == "holder" and (found := labs.first()):
        stop(scene, user=found.holder)


def covered(person: User, variant_id: int, action: str) -> bool:
    """The rule, said a second time as plain conditions."""
    stops = Stop.objects.filter(lifted_at=None)
    if any(stop.user_id == person.pk for stop in stops):
        return False
    places = GrantMember.objects.filter(user=person, removed_at=None)
    return any(
        grant.state == "active"
        and grant.starts_at <= NOW < grant.ends_at
        and (grant.whole_family or variant_id in {variant.pk for variant in grant.variants.all()})
        and (grant.may_download if action == "download" else grant.may_infer)
        and not any(stop.scope == "house" or stop.family_id == grant.family_id for stop in stops)
        and not any(stop.grant_id == grant.pk or stop.user_id == grant.holder_id for stop in stops)
        for grant in [*person.grants.all(), *(place.grant for place in places)]
    )
