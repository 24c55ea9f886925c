"""Each situation at each door: page, button, Hub GET and HEAD. All answer as the one policy does."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.accounts.tokens import issue_token, revoke_token
from access_portal.audit.models import Event
from access_portal.errors import PermissionRefusedError
from access_portal.grants.models import Grant
from release.delivery import mint
from release.models import Mint, Release
from tests.factories import make_grant, make_release, make_user, make_variant
from tests.release.situations import GRANTED, SITUATIONS, Arrange

pytestmark = pytest.mark.django_db
PAGE = "/models/toy/1m/v1/"
BUTTON = PAGE + "download/params.json"
HUB = "/gatehouse/toy-1m/resolve/v1/params.json"


@pytest.fixture
def release() -> Release:
    return make_release()


@pytest.fixture
def ada(release: Release) -> User:
    return make_user("ada")


def _secret(user: User, scope: str = "download", days: int = 1) -> str:
    return issue_token(actor=user, name="t", scopes=[scope], days=days, now=timezone.now())[1]


def _hub(method: str, url: str, secret: str | None = None) -> Any:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return getattr(Client(enforce_csrf_checks=True), method)(url, headers=headers)


@pytest.mark.parametrize(("arrange", "code"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_command_refuses_with_the_policys_code(ada: User, release: Release, arrange: Arrange, code: str) -> None:
    arrange(ada, release)
    ada.refresh_from_db()
    asked: dict[str, Any] = {
        "release": release,
        "path": "params.json",
        "address": None,
        "user_agent": "",
        "now": timezone.now(),
    }
    if code == GRANTED:
        assert mint(actor=ada, **asked).size_bytes == 2
    else:
        with pytest.raises(PermissionRefusedError) as refused:
            mint(actor=ada, **asked)
        assert refused.value.code == code
    assert Mint.objects.count() == (code == GRANTED)


@pytest.mark.parametrize(("arrange", "code"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_button_answers_with_a_link_or_the_reason(
    ada: User, release: Release, client: Client, arrange: Arrange, code: str
) -> None:
    arrange(ada, release)
    client.force_login(ada)
    answer = client.post(BUTTON)
    if code == GRANTED:
        assert (answer.status_code, answer["Cache-Control"]) == (303, "no-store")
        assert "X-Amz-Signature" in answer["Location"]
    elif code == "account_closed":  # whose session ended with it
        assert answer["Location"].endswith("?next=" + PAGE)
    else:
        assert (answer.status_code, code in answer.content.decode()) == (403, True)
    assert Mint.objects.count() == (code == GRANTED)


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize(("arrange", "code"), SITUATIONS.values(), ids=SITUATIONS)
def test_hub_clients_get_the_same_answer_in_their_terms(
    ada: User, release: Release, arrange: Arrange, code: str, method: str
) -> None:
    secret = _secret(ada)
    arrange(ada, release)
    answer = _hub(method, HUB, secret)
    expected = {GRANTED: (302, None), "release_withdrawn": (403, None), "account_closed": (401, None)}
    assert (answer.status_code, answer.get("X-Error-Code")) == expected.get(code, (403, "GatedRepo"))
    assert Mint.objects.count() == (code == GRANTED)
    if code == GRANTED:
        return
    message = answer["X-Error-Message"]
    assert message.isascii()
    assert message.isprintable()
    if answer.get("X-Error-Code"):
        assert "http://testserver/" in message
        assert "http://testserver/" in answer["X-HF-Warning"]


@pytest.mark.parametrize(("arrange", "code"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_page_shows_buttons_only_to_those_who_may(
    ada: User, release: Release, client: Client, arrange: Arrange, code: str
) -> None:
    arrange(ada, release)
    client.force_login(ada)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert (BUTTON in answer.content.decode()) == (code == GRANTED)
    assert release.artifacts.get().sha256 in answer.content.decode()


def test_an_allowed_hub_client_reads_commit_hash_and_size(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    sha256 = release.artifacts.get().sha256
    for revision in ("v1", "main", release.commit):
        answer = _hub("head", f"/gatehouse/toy-1m/resolve/{revision}/params.json", _secret(ada))
        assert answer.status_code == 302
        assert answer["X-Repo-Commit"] == release.commit
        assert answer["X-Linked-Etag"] == answer["ETag"] == f'"{sha256}"'
        assert (answer["X-Linked-Size"], answer["Cache-Control"]) == ("2", "no-store")


def test_without_a_token_the_gate_answers_401_and_names_the_page(release: Release) -> None:
    answer = _hub("get", HUB)
    assert (answer.status_code, answer["X-Error-Code"]) == (401, "GatedRepo")
    assert "http://testserver/models/toy/1m/" in answer.json()["error"] == answer["X-Error-Message"]


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Bearer", "Basic YTpi", "Bearer a b", "x" * 5000])
@pytest.mark.parametrize("url", [HUB, "/gatehouse/none/resolve/main/a"])
def test_a_header_that_signs_nobody_in_is_refused_before_anything_else(release: Release, header: str, url: str) -> None:
    answer = Client().get(url, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert "X-Error-Code" not in answer


def test_revoked_and_expired_tokens_are_refused(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    token, secret = issue_token(actor=ada, name="t", scopes=["download"], days=1, now=timezone.now())
    assert _hub("get", HUB, secret).status_code == 302
    revoke_token(actor=ada, token_id=token.pk, now=timezone.now())
    assert _hub("get", HUB, secret).status_code == 401
    past = timezone.now() - timedelta(days=2)
    _, old = issue_token(actor=ada, name="t", scopes=["download"], days=1, now=past)
    assert _hub("get", HUB, old).status_code == 401


def test_a_token_made_for_something_else_downloads_nothing(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    answer = _hub("get", HUB, _secret(ada, "jobs"))
    assert (answer.status_code, answer["X-Error-Code"]) == (403, "GatedRepo")
    assert "/account/tokens/" in answer["X-Error-Message"]


PATHS = ["none.json", "../params.json", "a/../params.json", "//params.json", "%2e%2e/params.json", "params.json/",
         "params.json%00", "a" * 3000, "PARAMS.JSON", "params.json%0dX-Evil:%201", "%ff"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_path_tricks_find_no_file_at_any_door(ada: User, release: Release, client: Client, path: str) -> None:
    make_grant(ada, release.variant.family)
    client.force_login(ada)
    assert client.post(PAGE + "download/" + path).status_code == 404
    answer = _hub("get", f"/gatehouse/toy-1m/resolve/v1/{path}", _secret(ada))
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "EntryNotFound")
    assert answer["X-Repo-Commit"] == release.commit
    assert "X-Evil" not in answer
    assert not Mint.objects.exists()


def test_a_line_break_in_a_path_adds_no_header(release: Release) -> None:
    for url, status in ((HUB, 401), (PAGE, 404), ("/models/toy/", 404)):
        answer = Client().get(url + "%0d%0aX-Evil:%201")
        assert (answer.status_code, "X-Evil" in answer) == (status, False)


def test_who_has_no_access_cannot_probe_for_file_names(ada: User, release: Release) -> None:
    secret = _secret(ada)
    real, guessed = (_hub("get", HUB.replace("params", name), secret) for name in ("params", "guess"))
    assert (real.status_code, real["X-Error-Message"]) == (guessed.status_code, guessed["X-Error-Message"])


@pytest.mark.parametrize(
    ("url", "signed_in", "anonymous", "code"),
    [
        ("/gatehouse/none/resolve/main/a", 404, 401, "RepoNotFound"),
        ("/other/toy-1m/resolve/main/a", 404, 401, "RepoNotFound"),
        ("/gatehouse/toy%001m/resolve/main/a", 404, 401, "RepoNotFound"),
        ("/gatehouse/toy-2m/resolve/main/a", 404, 401, "RepoNotFound"),
        ("/gatehouse/toy-1m/resolve/v9/params.json", 404, 404, "RevisionNotFound"),
        ("/gatehouse/toy-1m/resolve/v2/params.json", 404, 404, "RevisionNotFound"),
        ("/gatehouse/toy-1m/resolve/%00/params.json", 404, 404, "RevisionNotFound"),
        (f"/gatehouse/toy-1m/resolve/{'0' * 40}/params.json", 404, 404, "RevisionNotFound"),
        ("/gatehouse/toy-1m/resolve/refs%2Fpr%2F1/params.json", 404, 404, "RevisionNotFound"),
    ],
)
def test_unknown_repositories_and_revisions_are_told_apart(
    ada: User, release: Release, url: str, signed_in: int, anonymous: int, code: str
) -> None:
    make_release(release.variant, "v2", "staged")  # not public yet
    make_release(make_variant(release.variant.family, "2m"), "v1", "staged")
    for secret, status in ((_secret(ada), signed_in), (None, anonymous)):
        answer = _hub("get", url, secret)
        assert (answer.status_code, answer["X-Error-Code"]) == (status, code)


def test_main_is_the_newest_release_that_was_not_withdrawn(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    newer = make_release(release.variant, "v2")
    main = HUB.replace("/v1/", "/main/")
    assert _hub("get", main, _secret(ada))["X-Repo-Commit"] == newer.commit
    Release.objects.filter(pk=newer.pk).update(state="withdrawn")
    assert _hub("get", main, _secret(ada))["X-Repo-Commit"] == release.commit
    Release.objects.filter(pk=release.pk).update(state="withdrawn")
    answer = _hub("get", main, _secret(ada))
    assert (answer.status_code, answer["X-Error-Message"]) == (403, "Access to this resource is disabled.")


def test_hub_addresses_take_no_other_method_and_no_slash_is_added(release: Release) -> None:
    assert Client().post(HUB).status_code == 405
    assert Client().get("/gatehouse/toy-1m/resolve/v1/").status_code == 404


def test_a_download_needs_a_post_with_a_token_of_the_form(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post(BUTTON).status_code == 403
    assert strict.get(BUTTON).status_code == 405
    assert not Mint.objects.exists()


def test_every_link_is_on_record_with_grant_address_and_client(ada: User, release: Release, client: Client) -> None:
    grant = make_grant(ada, release.variant.family)
    client.force_login(ada)
    for _ in range(2):
        client.post(BUTTON, headers={"User-Agent": "Browser\t1" + "x" * 300}, REMOTE_ADDR="192.0.2.7")
    first, second = Mint.objects.order_by("pk")
    assert (first.user, first.grant, first.address) == (ada, grant, "192.0.2.7")
    assert first.user_agent.startswith("Browser1x")
    assert second.expires_at > second.minted_at
    assert (first.via, first.counted_bytes, second.counted_bytes) == ("page", 2, 0)
    assert not Event.objects.filter(subject=grant.subject).exists()  # the row is the record


def test_a_members_link_is_on_record_under_the_labs_grant(ada: User, release: Release, client: Client) -> None:
    SITUATIONS["a member of a lab"][0](ada, release)
    client.force_login(ada)
    assert client.post(BUTTON).status_code == 303
    made = Mint.objects.get()
    lab = Grant.objects.get()
    assert (made.user, made.grant, lab.kind) == (ada, lab, "lab")


def test_a_grant_that_ends_in_the_middle_of_a_download_gives_no_further_link(ada: User, release: Release) -> None:
    """Parts of a download are asked for link by link: each link looks at the clock, and none outlives the grant."""
    ends_at = timezone.now() + timedelta(minutes=5)
    make_grant(ada, release.variant.family, ends_at=ends_at)
    asked: dict[str, Any] = {"actor": ada, "release": release, "path": "params.json", "address": None, "user_agent": ""}
    link = mint(**asked, now=ends_at - timedelta(seconds=30))
    assert link.expires_at <= ends_at
    with pytest.raises(PermissionRefusedError) as refused:
        mint(**asked, now=ends_at)
    assert refused.value.code == "grant_expired"


def test_in_the_last_second_of_a_grant_no_link_is_made(ada: User, release: Release) -> None:
    """No link is that short, and none may outlive the grant."""
    ends_at = timezone.now().replace(microsecond=700_000) + timedelta(minutes=5)
    make_grant(ada, release.variant.family, ends_at=ends_at)
    asked: dict[str, Any] = {"actor": ada, "release": release, "path": "params.json", "address": None, "user_agent": ""}
    assert mint(**asked, now=ends_at - timedelta(seconds=1)).expires_at <= ends_at
    with pytest.raises(PermissionRefusedError) as refused:
        mint(**asked, now=ends_at - timedelta(milliseconds=600))
    assert refused.value.code == "grant_expired"
