"""The access predicate says to each action in each situation what the table says."""

from __future__ import annotations

import pytest
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from access_portal.accounts.models import User
from access_portal.errors import PermissionRefusedError
from access_portal.grants import policy
from access_portal.grants.models import Grant
from tests.access_portal.grants import situations
from tests.access_portal.grants.situations import ACTIONS, NOW, TABLE, TICK, World, grant, make_world, somebody

pytestmark = pytest.mark.django_db


def test_the_table_has_a_column_for_every_action() -> None:
    assert set(ACTIONS) == set(policy.Action)
    assert len({name for name, _, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(("build", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_policy_answers_as_the_table_says(build: situations.Build, expected: tuple[str, ...]) -> None:
    scene = build(make_world())
    assert dict(zip(ACTIONS, situations.answers(policy, scene), strict=True)) == dict(
        zip(ACTIONS, expected, strict=True)
    )


@pytest.mark.parametrize("build", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_every_refusal_says_why_and_what_helps(build: situations.Build) -> None:
    scene = build(make_world())
    for action in policy.Action:
        resource = situations.resource(policy, scene, action)
        decision = policy.decide(scene.actor, action, resource, NOW)
        if isinstance(decision, policy.Refused):
            assert decision.explanation.endswith((".", "reasons"))
            assert decision.remedy.endswith(".")
            if decision.remedy_path:
                resolve(decision.remedy_path)


PATHS = {
    "not_signed_in": "/account/login/",
    "release_withdrawn": "/models/situation/",
    "pending": "/applications/GH-",
    "refused": "/applications/GH-",
    "not_applied": "/apply/situation/",
    "variant_not_in_scope": "/apply/situation/",
    "licence_outdated": "/licences/",
}


@pytest.mark.parametrize(("name", "build", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_the_remedy_of_a_download_leads_to_the_right_page(
    name: str, build: situations.Build, expected: tuple[str, ...]
) -> None:
    scene = build(make_world())
    decision = policy.decide(scene.actor, policy.Action.DOWNLOAD, situations.model(policy, scene), NOW)
    if isinstance(decision, policy.Refused) and decision.code != "account_closed":
        assert decision.remedy_path.startswith(PATHS.get(decision.code, "/grants/"))


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


class TestUsable(TestCase):
    """`usable`, the gate and the rule written down a second time agree, whatever grants a person holds."""

    world: World

    @classmethod
    def setUpTestData(cls) -> None:
        cls.world = make_world()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(GRANTS, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["download", "infer"]))
    def test_a_list_holds_what_the_gate_opens(
        self, grants: list[tuple[object, ...]], accepts: bool, active: bool, gone: bool, wanted: str
    ) -> None:
        world = self.world
        scene = somebody(world, accepts=accepts, is_active=active)
        scene.withdrawn = gone
        sizes = (world.variant, world.sibling)
        live = 0
        for state, start, end, scope, may_download, may_infer in grants:
            live += state in ("active", "suspended")
            if live > 1:
                break  # the database forbids it
            grant(
                scene, state=state, starts_at=NOW + start, ends_at=NOW + end, variants=tuple(sizes[i] for i in scope),
                may_download=may_download, may_infer=may_infer,
            )  # fmt: skip
        action = policy.Action(wanted)
        items = [situations.model(policy, scene, size) for size in sizes]
        listed = policy.usable(scene.actor, action, items, lambda item: item, NOW)
        opened = [i for i in items if isinstance(policy.decide(scene.actor, action, i, NOW), policy.Granted)]
        assert listed == opened
        may = active and accepts and not gone
        assert listed == [i for i in items if may and covered(scene.person(), i.variant_id, wanted)]


def covered(holder: User, variant_id: int, action: str) -> bool:
    """The rule, said a second time as one query's worth of plain conditions."""
    return any(
        grant.state == "active"
        and grant.starts_at <= NOW < grant.ends_at
        and (not grant.variants.exists() or grant.variants.filter(pk=variant_id).exists())
        and (grant.may_download if action == "download" else grant.may_infer)
        for grant in Grant.objects.filter(holder=holder)
    )
