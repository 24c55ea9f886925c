"""The page of a licence: everybody may read it, whoever is signed in may accept it."""

from __future__ import annotations

import pytest
from django.test import Client

from access_portal.licences.markdown import to_safe_html
from access_portal.licences.models import LicenceAcceptance
from tests.factories import make_licence_version, make_user

pytestmark = pytest.mark.django_db
HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    '<a href="https://x" onclick="alert(1)" style="color:red">x</a>',
    "![picture](https://tracker.example/x.png)",
    "<iframe src=https://x></iframe>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_renders_harmless(text: str) -> None:
    html = to_safe_html(text)
    for danger in ("<script", "<img", "<iframe", 'href="javascript', 'href="data', "<a onclick"):
        assert danger not in html
    assert "<p>" in html


def test_headings_go_below_the_title_of_the_page() -> None:
    assert to_safe_html("# One\n\n###### Six\n\n1. a\n2. b") == (
        "<h2>One</h2>\n<h6>Six</h6>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"
    )


def test_a_stranger_reads_text_hash_and_history_and_sees_no_form(client: Client) -> None:
    first = make_licence_version(text="# Old\n\nBe **good**.")
    second = make_licence_version(first.licence, "2.0", "Be better.")
    page = client.get(f"/licences/{first.pk}/").content.decode()
    assert "<strong>good</strong>" in page
    assert first.sha256 in page
    assert f'href="/licences/{second.pk}/"' in page
    assert "A newer version, 2.0, has replaced this one." in page
    assert "Accept this version" not in page


def test_a_stranger_who_posts_is_asked_to_sign_in(client: Client) -> None:
    version = make_licence_version()
    answer = client.post(f"/licences/{version.pk}/", {"sha256": version.sha256, "agree": "on", "capacity": "self"})
    assert answer.headers["Location"] == f"/account/login/?next=/licences/{version.pk}/"
    assert not LicenceAcceptance.objects.exists()


def test_whoever_ticks_the_box_has_accepted(client: Client) -> None:
    version = make_licence_version()
    client.force_login(make_user())
    address = f"/licences/{version.pk}/"
    assert f'name="sha256" value="{version.sha256}"' in client.get(address).content.decode()
    answer = client.post(address, {"sha256": version.sha256, "agree": "on", "capacity": "institution"}, follow=True)
    assert "You accepted this version on" in answer.content.decode()
    assert LicenceAcceptance.objects.get().capacity == "institution"


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"agree": ""}, 422), ({"sha256": ""}, 422), ({"capacity": "king"}, 422), ({"sha256": "0" * 64}, 409)],
)
def test_an_incomplete_or_outdated_form_accepts_nothing(changes: dict[str, str], status: int, client: Client) -> None:
    version = make_licence_version()
    client.force_login(make_user())
    form = {"sha256": version.sha256, "agree": "on", "capacity": "self", **changes}
    assert client.post(f"/licences/{version.pk}/", form).status_code == status
    assert not LicenceAcceptance.objects.exists()


def test_a_licence_that_is_not_there_is_not_found(client: Client) -> None:
    assert client.get("/licences/999/").status_code == 404
