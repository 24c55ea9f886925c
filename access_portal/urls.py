"""Every address of the house. Pages end in a slash; API routes never do."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("access_portal.site.urls")),
    path("", include("access_portal.privacy.urls")),
    path("account/", include("access_portal.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("", include("access_portal.accounts.devices.urls")),
    path("licences/", include("access_portal.licences.urls")),
    path("office/licences/", include("access_portal.licences.office_urls")),
    path("", include("access_portal.receipts.urls")),
    path("", include("access_portal.applications.urls")),
    path("", include("access_portal.applications.review_urls")),
    path("", include("access_portal.references.urls")),
    path("", include("access_portal.reports.urls")),
    path("grants/", include("access_portal.grants.urls")),
    path("grants/", include("release.catalogue.log_urls")),
    path("office/", include("access_portal.grants.office_urls")),
    path("office/releases/", include("release.office.records")),
    path("office/releases/", include("release.office.urls")),
    path("office/", include("access_portal.questionnaires.urls")),
    path("office/", include("access_portal.outbox.urls")),
    path("office/", include("access_portal.accounts.people.urls")),
    path("office/", include("access_portal.audit.urls")),
    path("office/", include("access_portal.office.urls")),
    path("", include("release.signature_pages")),
    path("models/", include("release.catalogue.urls")),
    path("access/", include("release.access_page")),
    path("jobs/", include("inference_worker.urls")),
    path("portal/v1/", include("access_portal.api.urls")),
    path("v1/", include("inference_worker.api.urls")),
    *([path("demo/", include("demo.urls"))] if settings.DEMO else []),
    path("", include("release.hub.urls")),
]
