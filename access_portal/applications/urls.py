"""Addresses of applicants and of reviewers. `<number>` is `GH-2026-00001`."""

from django.urls import path

from access_portal.applications.views import applicant, reviewer

urlpatterns = [
    path("apply/<slug:family_slug>/", applicant.apply, name="apply"),
    path("applications/", applicant.my_applications, name="my_applications"),
    path("applications/<slug:number>/", applicant.application, name="application"),
    path("applications/<slug:number>/withdraw/", applicant.withdraw, name="withdraw_application"),
    path("review/", reviewer.queue, name="review_queue"),
    path("review/<slug:number>/", reviewer.case, name="review_case"),
    path("review/<slug:number>/claim/", reviewer.claim, name="review_claim"),
    path("review/<slug:number>/release/", reviewer.release, name="review_release"),
    path("review/<slug:number>/approve/", reviewer.approve, name="review_approve"),
    path("review/<slug:number>/refuse/", reviewer.refuse, name="review_refuse"),
]
