"""The reference page of the API is as the API is."""

from __future__ import annotations

from pathlib import Path

from access_portal.api import urls
from access_portal.api.reference import markdown

PAGE = Path(__file__).parents[3] / "docs/reference/portal-api.md"


def test_the_reference_page_lists_every_endpoint() -> None:
    """Renew it with `./dev manage portal_api`, whose output goes between the two marks."""
    assert urls.urlpatterns
    between = PAGE.read_text().split("<!-- table: begin -->\n")[1].split("<!-- table: end -->")[0]
    assert between == markdown()
