"""One leased chunk from its lines to its results, with a real engine and a real store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from access_portal.grants.models import Grant, GrantMember, Stop
from inference_worker import completions, engines, leases, model_folder, results, runner
from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.sequence import Completion
from inference_worker.models import Batch, Chunk, QuotaAccount
from release.models import Release
from release.storage import jobs_store
from tests import factories
from tests.engine.factories import run as run_alone

from . import jobs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engines, "_threads", {})
    monkeypatch.setattr(engines, "_closed", False)
    yield
    engines.close_all()


@pytest.fixture
def ada(tiny_release: Release) -> Grant:
    return jobs.make_holder(tiny_release)


def claimed(later: timedelta = timedelta()) -> Chunk:
    [model_id] = Chunk.objects.values_list("batch__release__variant__model_id", flat=True).distinct()
    chunk = leases.claim(owner="w1", model_ids=[model_id], now=timezone.now() + later)
    assert chunk is not None
    return chunk


def test_a_chunk_becomes_the_answers_of_the_model(tiny_release: Release, ada: Grant) -> None:
    prompts = ["It was the best", "Call me", "Alice was beginning"]
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release, prompt) for prompt in prompts]])
    runner.run(claimed())
    engine = Engine.load(model_folder.folder(tiny_release), EngineConfig())
    bodies = [line["response"]["body"] for line in jobs.output(batch)]
    assert [body["choices"][0]["text"] for body in bodies] == [run_alone(engine, p, max_tokens=4).text for p in prompts]
    assert {body["system_fingerprint"] for body in bodies} == {f"fp_{tiny_release.commit[:12]}"}
    batch.refresh_from_db()
    assert (batch.state, batch.completed_lines, batch.failed_lines) == ("completed", 3, 0)


def test_what_is_charged_is_the_usage_in_the_output_file(tiny_release: Release, ada: Grant) -> None:
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release, max_tokens=n, n=2) for n in (1, 5)]])
    runner.run(claimed())
    batch.refresh_from_db()
    assert jobs.charged(batch) == jobs.used(jobs.output(batch)) == batch.prompt_tokens + batch.completion_tokens > 0


def test_a_line_with_a_seed_has_one_answer_whatever_runs_beside_it(tiny_release: Release, ada: Grant) -> None:
    line = jobs.body(tiny_release, "In the beginning", temperature=1, seed=11, max_tokens=20)
    others = [jobs.body(tiny_release, "x" * n, temperature=1, max_tokens=n) for n in range(1, 12)]
    alone, crowded = (jobs.make_batch(ada, tiny_release, [chunk]) for chunk in ([line], [*others, line]))
    for _ in range(2):
        runner.run(claimed())
    texts = [jobs.output(batch)[-1]["response"]["body"]["choices"][0]["text"] for batch in (alone, crowded)]
    assert texts[0] == texts[1] != ""


def test_two_people_share_nothing_of_what_was_computed(tiny_release: Release, ada: Grant) -> None:
    prompt, told = "In the beginning there was nothing to read; then there were 10 books", []
    engine = Engine.load(model_folder.folder(tiny_release), EngineConfig())
    engines.engine_for(tiny_release.commit, lambda: engine)
    add = engine.add
    engine.add = lambda request: told.append(request.cache_salt) or add(request)  # type: ignore[func-returns-value,method-assign]
    eve = jobs.make_holder(tiny_release, "eve")
    for grant in (ada, ada, eve):
        jobs.make_batch(grant, tiny_release, [[jobs.body(tiny_release, prompt)]])
        runner.run(claimed())
    assert told == [f"user {grant.holder_id}" for grant in (ada, ada, eve)]


def test_a_body_that_cannot_run_is_refused_and_the_others_run(tiny_release: Release, ada: Grant) -> None:
    bodies = [jobs.body(tiny_release), jobs.body(tiny_release, max_tokens=5000), jobs.body(tiny_release)]
    batch = jobs.make_batch(ada, tiny_release, [bodies])
    runner.run(claimed())
    [error] = jobs.errors(batch)
    assert (error["custom_id"], error["error"], error["response"]["status_code"]) == ("line-1", None, 400)
    assert error["response"]["body"]["error"]["code"] == "context_length_exceeded"
    assert jobs.custom_ids(jobs.output(batch)) == ["line-0", "line-2"]


def test_results_lie_under_the_number_of_the_lease(tiny_release: Release, ada: Grant) -> None:
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)], [jobs.body(tiny_release)]])
    Chunk.objects.update(fencing=6)
    runner.run(claimed())
    [done] = batch.chunks.filter(state="done")
    assert done.result_key == f"results/{batch.pk}/0/7.jsonl"
    assert results.count_lines(done.result_key) == 1


def test_a_person_without_a_right_any_more_gets_the_reason_and_pays_nothing(tiny_release: Release, ada: Grant) -> None:
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)] * 2])
    revoke(batch)
    runner.run(claimed())
    batch.refresh_from_db()
    assert [line["error"]["code"] for line in jobs.errors(batch)] == ["grant_revoked"] * 2
    assert "Shared the weights" in jobs.errors(batch)[0]["error"]["message"]
    assert (batch.state, batch.output_file, batch.failed_lines, jobs.charged(batch)) == ("completed", None, 2, 0)


class Held(Engine):
    """Stops once a request is finished, until told to go on: so tests can act in the middle of a chunk."""

    def step(self) -> list[tuple[int, Completion]]:
        if self.one_is_finished.is_set():
            self.may_go_on.wait(60)
        finished = super().step()
        if finished:
            self.one_is_finished.set()
        return finished


@pytest.fixture
def held(tiny_release: Release, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Held]:
    settings.HEARTBEAT_SECONDS = 0
    engine = Held.load(model_folder.folder(tiny_release), EngineConfig())
    assert isinstance(engine, Held)
    engine.one_is_finished, engine.may_go_on = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    monkeypatch.setattr(runner, "_load", lambda release: engine)
    yield engine
    engine.may_go_on.set()


def acting(held: Held, act: Callable[[], object]) -> Callable[[], datetime]:
    """A clock that, once a line is finished, lets something happen and goes on an hour later."""
    first = [True]
    moved = timedelta()

    def clock() -> datetime:
        nonlocal moved
        if first:
            first.clear()
        elif not moved:
            assert held.one_is_finished.wait(60)
            act()
            moved = timedelta(hours=1)
        return timezone.now() + moved

    return clock


def short_and_long(release: Release, grant: Grant, **fields: object) -> Batch:
    bodies = [jobs.body(release, max_tokens=400), jobs.body(release, max_tokens=1), jobs.body(release, max_tokens=400)]
    return jobs.make_batch(grant, release, [bodies], **fields)


def revoke(batch: Batch) -> None:
    Grant.objects.filter(pk=batch.grant_id).update(state="revoked", state_reason="Shared the weights.")


def cancel(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(state="cancelling", cancelling_at=timezone.now())


def expire(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(expires_at=timezone.now())


def stop(**target: object) -> None:
    by = factories.make_user("stopper")
    Stop.objects.create(reason="A leak.", by=by, at=timezone.now(), **target)


# What happens in the middle -> the code of the lines that did not run, and how the batch ends.
INTERRUPTIONS = [
    (revoke, "grant_revoked", "completed"),
    (lambda batch: stop(scope="person", user=batch.owner), "stopped", "completed"),
    (lambda batch: stop(scope="family", family=batch.release.variant.family), "stopped", "completed"),
    (lambda batch: stop(scope="house"), "mints_on_hold", "completed"),
    (cancel, "batch_cancelled", "cancelled"),
    (expire, "batch_expired", "expired"),
]


@pytest.mark.parametrize(("act", "code", "state"), INTERRUPTIONS)
def test_work_that_is_stopped_keeps_and_charges_what_ran(
    tiny_release: Release, ada: Grant, held: Held, act: Callable[[Batch], None], code: str, state: str
) -> None:
    batch = short_and_long(tiny_release, ada)
    runner.run(claimed(), clock=acting(held, lambda: act(batch)))
    batch.refresh_from_db()
    assert batch.state == state
    assert jobs.custom_ids(jobs.output(batch)) == ["line-1"]
    assert [(line["custom_id"], line["error"]["code"]) for line in jobs.errors(batch)] == [
        ("line-0", code),
        ("line-2", code),
    ]
    assert jobs.charged(batch) == jobs.used(jobs.output(batch)) > 0


def in_a_lab(release: Release, name: str = "eve") -> GrantMember:
    """A member of a lab that holds a grant, and who has an older one of their own."""
    member, family = factories.make_user(name), release.variant.family
    factories.make_grant(member, family, starts_at=timezone.now() - timedelta(days=9))
    lab = factories.make_grant(factories.make_user("principal"), family, kind="lab", lab_name="The lab")
    return GrantMember.objects.create(
        grant=lab, email=member.email, invited_by=lab.holder, invited_at=timezone.now(), user=member,
        joined_at=timezone.now(), acceptance=member.acceptances.get(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda place: stop(scope="lab", grant=place.grant), "stopped"),
        (lambda place: stop(scope="person", user=place.grant.holder), "stopped"),
        (lambda place: GrantMember.objects.filter(pk=place.pk).update(
            removed_at=timezone.now(), removed_by=place.invited_by), "not_applied"),
    ],
    ids=["the lab is stopped", "its holder is stopped", "the member is removed"],
)  # fmt: skip
def test_a_labs_work_ends_with_the_lab_though_the_member_has_a_grant_too(
    tiny_release: Release, held: Held, act: Callable[[GrantMember], object], code: str
) -> None:
    place = in_a_lab(tiny_release)
    bodies = [jobs.body(tiny_release, max_tokens=400), jobs.body(tiny_release, max_tokens=1)]
    batch = jobs.make_batch(place.grant, tiny_release, [bodies], owner=place.user)
    runner.run(claimed(), clock=acting(held, lambda: act(place)))
    assert jobs.custom_ids(jobs.output(batch)) == ["line-1"]
    assert [line["error"]["code"] for line in jobs.errors(batch)] == [code]


def test_a_queued_batch_of_a_stopped_person_does_not_run_and_frees_its_tokens(
    tiny_release: Release, ada: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)] * 2, [jobs.body(tiny_release)]])
    stop(scope="person", user=ada.holder)
    monkeypatch.setattr(runner, "_load", lambda release: pytest.fail("no engine is needed for what may not run"))
    for _ in range(2):
        runner.run(claimed())
    batch.refresh_from_db()
    assert (batch.state, batch.output_file, batch.failed_lines, jobs.charged(batch)) == ("completed", None, 3, 0)
    assert {line["error"]["code"] for line in jobs.errors(batch)} == {"stopped"}
    account = QuotaAccount.objects.get(grant=ada)
    assert (account.reserved_tokens, account.settled_tokens) == (0, 0)


def test_a_renewed_grant_carries_on_what_began_under_the_old_one(tiny_release: Release, ada: Grant) -> None:
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)]])
    Grant.objects.filter(pk=ada.pk).update(state="superseded")
    factories.make_grant(ada.holder, tiny_release.variant.family, supersedes=ada)
    runner.run(claimed())
    batch.refresh_from_db()
    assert (batch.state, batch.completed_lines, batch.failed_lines) == ("completed", 1, 0)


def test_a_lease_lost_in_the_middle_leaves_no_trace(tiny_release: Release, ada: Grant, held: Held) -> None:
    short_and_long(tiny_release, ada)
    chunk = claimed()
    runner.run(chunk, clock=acting(held, lambda: leases.reclaim(now=timezone.now() + timedelta(hours=1))))
    row = Chunk.objects.get()
    assert (row.state, row.result_key, row.lost_leases) == ("ready", "", 1)
    assert not any(map(jobs_store().exists, results.attempt_keys(chunk.batch_id, 0, 1)))


def test_a_worker_that_stops_hands_its_chunk_back(tiny_release: Release, ada: Grant, held: Held) -> None:
    short_and_long(tiny_release, ada)
    closing = threading.Thread(target=engines.close_all)

    def stop() -> None:
        closing.start()
        held.may_go_on.set()

    runner.run(claimed(), clock=acting(held, stop))
    closing.join()
    row = Chunk.objects.get()
    assert (row.state, row.lost_leases, row.result_key) == ("ready", 0, "")


def test_an_engine_that_is_stuck_is_given_up_and_its_lines_go_to_another(
    tiny_release: Release, ada: Grant, held: Held, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENGINE_STUCK_SECONDS = 0
    batch = short_and_long(tiny_release, ada)
    first = claimed()
    runner.run(first)
    first.refresh_from_db()
    assert (first.state, first.lost_leases) == ("ready", 0)
    settings.ENGINE_STUCK_SECONDS = 600
    monkeypatch.setattr(runner, "_load", lambda release: Engine.load(model_folder.folder(release), EngineConfig()))
    runner.run(claimed(later=leases.HANDED_BACK_PAUSE))
    batch.refresh_from_db()
    assert (batch.state, batch.completed_lines) == ("completed", 3)


def test_a_lease_that_is_lost_only_at_the_very_end_takes_its_objects_with_it(tiny_release: Release, ada: Grant) -> None:
    jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)]])
    chunk = claimed()
    ticks = iter([False, True])

    def clock() -> datetime:
        if next(ticks, False):  # the second reading is after the last answer
            leases.reclaim(now=timezone.now() + timedelta(hours=1))
        return timezone.now()

    runner.run(chunk, clock=clock)
    assert Chunk.objects.get().state == "ready"
    assert not any(map(jobs_store().exists, results.attempt_keys(chunk.batch_id, 0, 1)))


def test_an_engine_that_cannot_be_loaded_costs_nobody_a_line(
    tiny_release: Release, ada: Grant, settings: Settings
) -> None:
    settings.ENGINE_DEVICE = "cuda:99"
    jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)]])
    runner.run(claimed())
    row = Chunk.objects.get()
    assert (row.state, row.lost_leases, row.failed_lines) == ("ready", 0, 0)


def test_a_worker_that_cannot_ask_the_policy_costs_nobody_a_line(
    tiny_release: Release, ada: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(batch_id: str, now: datetime) -> None:
        raise ImportError("half an update")

    monkeypatch.setattr(runner, "reason_to_stop", broken)
    jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)]])
    with pytest.raises(ImportError):
        runner.run(claimed())
    row = Chunk.objects.get()
    assert (row.state, row.lost_leases, row.failed_lines) == ("ready", 0, 0)


def test_a_line_that_our_own_code_stumbles_over_fails_alone(
    tiny_release: Release, ada: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = completions.parse

    def stumbling(body: dict[str, object], **rest: object) -> object:
        if body["prompt"] == "stumble":
            raise ZeroDivisionError
        return parse(body, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(completions, "parse", stumbling)
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release, text) for text in ("stumble", "It was")]])
    runner.run(claimed())
    assert jobs.custom_ids(jobs.errors(batch)) == ["line-0"]
    assert jobs.custom_ids(jobs.output(batch)) == ["line-1"]


def test_an_engine_that_crashes_fails_its_lines_in_plain_words(
    tiny_release: Release, ada: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crashing(Engine):
        def step(self) -> list[tuple[int, Completion]]:
            raise RuntimeError("device lost")

    monkeypatch.setattr(runner, "_load", lambda release: Crashing.load(model_folder.folder(release), EngineConfig()))
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release)] * 2])
    runner.run(claimed())
    assert [line["error"]["code"] for line in jobs.errors(batch)] == ["internal_error"] * 2
    assert "device lost" not in str(jobs.errors(batch))
    assert jobs.charged(batch) == 0


def test_no_prompt_and_no_answer_is_logged(
    tiny_release: Release, ada: Grant, capfd: pytest.CaptureFixture[str]
) -> None:
    batch = jobs.make_batch(ada, tiny_release, [[jobs.body(tiny_release, "Ishmael"), {"prompt": "Ishmael"}]])
    runner.run(claimed())
    assert batch.chunks.get().state == "done"
    assert "Ishmael" not in "".join(capfd.readouterr())
