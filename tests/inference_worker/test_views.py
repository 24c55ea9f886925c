"""Pages of jobs, for their owner only."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from inference_worker import finishing
from inference_worker.models import Batch, StoredFile
from release.models import Release
from release.storage import jobs_store
from tests import factories

from . import web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "s3_server")]


@pytest.fixture
def ada(tiny_release: Release) -> User:
    return web.holder_of(tiny_release).holder


@pytest.fixture
def browser(ada: User, client: Client) -> Client:
    client.force_login(ada)
    return client


def done(ada: User, release: Release) -> Batch:
    faulty = web.request_line(release, "<b>bad</b>", body={**web.request_line(release, "x")["body"], "n": 99})
    batch = web.validated(ada, web.jsonl(web.request_line(release, "<i>good</i>"), faulty))
    web.work(release.variant.model_id)
    finishing.advance(batch.pk, timezone.now())
    batch.refresh_from_db()
    assert batch.state == "completed"
    return batch


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    for path in ("/jobs/", "/jobs/batch_x/", "/jobs/batch_x/files/output"):
        assert client.get(path)["Location"].startswith("/account/login/")


def test_without_a_grant_the_page_says_what_helps(client: Client) -> None:
    client.force_login(factories.make_user("cy"))
    page = client.get("/jobs/").content.decode()
    assert "You have no licence for any model." in page
    assert 'href="/models/"' in page
    assert "openai" not in page


def test_the_page_shows_quota_batches_and_how_to_start(browser: Client, ada: User, tiny_release: Release) -> None:
    batch = done(ada, tiny_release)
    page = browser.get("/jobs/").content.decode()
    account = Grant.objects.get().quota_account
    assert f"<td>{100_000 - account.settled_tokens:,}</td>" in page
    assert f'href="/jobs/{batch.pk}/"' in page
    assert "http://testserver/v1" in page
    assert tiny_release.variant.model_id in page


def test_many_batches_are_shown_in_pages(browser: Client, ada: User) -> None:
    for _ in range(21):
        web.submitted(ada, b"{}\n")
    assert browser.get("/jobs/").content.count(b'<a class="mono"') == 20
    assert browser.get("/jobs/?page=2").content.count(b'<a class="mono"') == 1
    assert browser.get("/jobs/?page=nonsense").status_code == 200


def test_a_finished_job_shows_its_course_charge_and_first_results(
    browser: Client, ada: User, tiny_release: Release
) -> None:
    batch = done(ada, tiny_release)
    page = browser.get(f"/jobs/{batch.pk}/").content.decode()
    assert "&lt;i&gt;good&lt;/i&gt;" in page
    assert "&lt;b&gt;bad&lt;/b&gt;" in page
    assert "n must be from 1 to 16." in page
    assert f"<dt>Tokens charged</dt><dd>{batch.prompt_tokens + batch.completion_tokens}</dd>" in page
    assert [page.index(word) for word in ("Submitted,", "In progress,", "Completed,")] == sorted(
        page.index(word) for word in ("Submitted,", "In progress,", "Completed,")
    )
    assert "Cancel this job" not in page


def test_a_failed_job_shows_each_fault(browser: Client, ada: User) -> None:
    batch = web.validated(ada, b"\nhello\n")
    page = browser.get(f"/jobs/{batch.pk}/").content.decode()
    assert "<td>2</td><td>The line is not JSON" in page
    assert "nothing was charged" in page


@pytest.mark.parametrize("kind", ["input", "output", "error"])
def test_files_are_downloaded_by_their_owner(browser: Client, ada: User, tiny_release: Release, kind: str) -> None:
    batch = done(ada, tiny_release)
    answer = browser.get(f"/jobs/{batch.pk}/files/{kind}")
    file: StoredFile = getattr(batch, f"{kind}_file")
    assert b"".join(answer.streaming_content) == jobs_store().read(file.storage_key)  # type: ignore[attr-defined]
    assert "attachment" in answer["Content-Disposition"]


def test_another_person_finds_nothing(browser: Client, ada: User, tiny_release: Release) -> None:
    batch = done(ada, tiny_release)
    browser.force_login(web.holder_of(tiny_release, "cy").holder)
    paths = [f"/jobs/{batch.pk}/", f"/jobs/{batch.pk}/files/output", "/jobs/batch_missing/", "/jobs/%00/"]
    assert [browser.get(path).status_code for path in paths] == [404] * 4
    assert browser.post(f"/jobs/{batch.pk}/cancel/").status_code == 404
    assert batch.pk not in browser.get("/jobs/").content.decode()


def test_a_file_that_is_gone_is_neither_offered_nor_found(browser: Client, ada: User, tiny_release: Release) -> None:
    batch = done(ada, tiny_release)
    StoredFile.objects.filter(pk=batch.output_file_id).update(deleted_at=timezone.now())
    assert browser.get(f"/jobs/{batch.pk}/files/output").status_code == 404
    assert f"/jobs/{batch.pk}/files/output" not in browser.get(f"/jobs/{batch.pk}/").content.decode()
    assert browser.get(f"/jobs/{batch.pk}/files/nonsense").status_code == 404


def test_a_job_is_cancelled_from_its_page_by_post_only(browser: Client, ada: User, tiny_release: Release) -> None:
    batch = web.validated(ada, web.jsonl(web.request_line(tiny_release, "a")))
    assert browser.get(f"/jobs/{batch.pk}/cancel/").status_code == 405
    assert "Cancel this job" in browser.get(f"/jobs/{batch.pk}/").content.decode()
    answer = browser.post(f"/jobs/{batch.pk}/cancel/", follow=True)
    assert "is being cancelled" in answer.content.decode()
    assert Batch.objects.get().state == "cancelling"
    Batch.objects.update(state="completed")
    assert browser.post(f"/jobs/{batch.pk}/cancel/").status_code == 409
