"""Addresses of applicants and of reviewers. `<number>` is `GH-2026-00001`."""

from django.urls import path

from access_portal.applications import review_views, views

urlpatterns = [
    path("apply/<slug:family_slug>/", views.apply, name="apply"),
    path("applications/", views.my_applications, name="my_applications"),
    path("applications/<slug:number>/", views.application, name="application"),
    path("applications/<slug:number>/withdraw/", views.withdraw, name="withdraw_application"),
    path("review/", review_views.queue, name="review_queue"),
    path("review/<slug:number>/", review_views.case, name="review_case"),
    path("review/<slug:number>/claim/", review_views.claim, name="review_claim"),
    path("review/<slug:number>/release/", review_views.release, name="review_release"),
    path("review/<slug:number>/approve/", review_views.approve, name="review_approve"),
    path("review/<slug:number>/refuse/", review_views.refuse, name="review_refuse"),
]
