"""Addresses that Hugging Face clients ask for; none ends in a slash, none is ever redirected to one that does.

They come after all pages of the site. Only what looks like a page, `organisation/name`, steps aside for every first
word that the site uses itself.
"""

from django.urls import path, re_path, register_converter

from release.hub import elsewhere, identity, listing, metadata, pages, resolve
from release.hub.access import views as access
from release.hub.names import KINDS, NameConverter, OrganisationConverter, RestConverter

register_converter(RestConverter, "rest")
register_converter(OrganisationConverter, "hub_org")
register_converter(NameConverter, "hub_name")

MODEL = "api/models/<str:org>/<str:name>"
kinds = "|".join(KINDS)

urlpatterns = [
    path("api/whoami-v2", identity.whoami, name="hub_whoami"),
    path("api/agent-harnesses", elsewhere.agent_harnesses),
    path("api/models", listing.models, name="hub_models"),
    path(MODEL, metadata.model_info, name="hub_model"),
    path(f"{MODEL}/auth-check", identity.auth_check),
    path(f"{MODEL}/auth-check/write", identity.auth_check_write),
    path(f"{MODEL}/refs", metadata.refs),
    path(f"{MODEL}/revision/<rest:revision>", metadata.model_info),
    path(f"{MODEL}/commits/<rest:revision>", metadata.commits),
    path(f"{MODEL}/tree/<rest:rest>", metadata.tree),
    path(f"{MODEL}/paths-info/<rest:revision>", metadata.paths_info),
    path(f"{MODEL}/user-access-request/handle", access.handle),
    path(f"{MODEL}/user-access-request/grant", access.grant),
    path(f"{MODEL}/user-access-request/<str:status>", access.access_requests),
    re_path(rf"^api/(?P<kind>{kinds})(?P<rest>(?s:.*))$", elsewhere.other_kind),
    path("api/models/<rest:rest>", elsewhere.other_model_address),
    path("api/<rest:rest>", elsewhere.other_address),
    re_path(rf"^(?P<kind>{kinds})/(?P<rest>(?s:.*))$", elsewhere.other_kind),
    path("<str:org>/<str:name>/resolve/<rest:rest>", resolve.resolve, name="hub_resolve"),
    path("<hub_org:org>/<hub_name:name>", pages.repo_page, name="hub_repo"),
    path("<hub_org:org>/<hub_name:name>/user-access-report", access.report, name="hub_access_report"),
    path("<hub_org:org>/<hub_name:name>/ask-access", access.ask_access, name="hub_ask_access"),
    path("<hub_org:org>/<hub_name:name>/tree/<rest:rest>", pages.revision_page),
    path("<hub_org:org>/<hub_name:name>/blob/<rest:rest>", pages.revision_page),
    path("<hub_org:name>/resolve/<rest:rest>", elsewhere.nameless),
]
