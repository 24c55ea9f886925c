"""Addresses of reviewers, deciders and the office. `<number>` is `GH-2026-00001`."""

from django.urls import path

from access_portal.applications.cockpit.acts import ACTS
from access_portal.applications.views import (
    review_acts,
    review_bulk,
    review_case,
    review_desk,
    review_office,
    review_queue,
)

urlpatterns = [
    path("review/", review_queue.queue, name="review_queue"),
    path("review/next/", review_queue.take_next, name="review_next"),
    path("review/desk/", review_desk.desk, name="review_desk"),
    path("review/bulk/", review_bulk.bulk, name="review_bulk"),
    path("review/filters/", review_queue.save_filter, name="save_filter"),
    path("review/filters/<int:filter_id>/delete/", review_queue.delete_filter, name="delete_filter"),
    path("review/conflicts/", review_office.my_conflicts, name="my_conflicts"),
    path("review/conflicts/<int:conflict_id>/end/", review_office.end_conflict, name="end_conflict"),
    path("review/<slug:number>/", review_case.case, name="review_case"),
    path("review/<slug:number>/previous/", review_queue.step, {"way": "previous"}, name="review_previous"),
    path("review/<slug:number>/following/", review_queue.step, {"way": "following"}, name="review_following"),
    *(
        path(f"review/<slug:number>/{act.slug}/", review_acts.act, {"name": name}, name=f"review_{name}")
        for name, act in ACTS.items()
    ),
    path("office/review-policy/", review_office.review_policies, name="review_policy"),
    path("office/review-policy/<slug:family_slug>/", review_office.edit_policy, name="edit_review_policy"),
]
