"""Addresses of applicants. `<number>` is `GH-2026-00001`."""

from django.urls import path

from access_portal.applications.views import (
    applicant_apply,
    applicant_draft,
    applicant_follow,
    applicant_send,
    applicant_thread,
    attachment,
    workflow,
)

urlpatterns = [
    path("how-it-works/", workflow.how_it_works, name="how_it_works"),
    path("apply/<slug:family_slug>/", applicant_apply.apply, name="apply"),
    path("applications/", applicant_follow.my_applications, name="my_applications"),
    path("applications/<slug:number>/", applicant_follow.application, name="application"),
    path("applications/<slug:number>/edit/", applicant_draft.edit, name="edit_application"),
    path("applications/<slug:number>/draft/", applicant_draft.save_draft, name="save_draft"),
    path("applications/<slug:number>/send/", applicant_send.review_and_send, name="review_and_send"),
    path("applications/<slug:number>/files/<int:attachment_id>/", attachment.attachment, name="attachment"),
    path("applications/<slug:number>/messages/", applicant_thread.send_message, name="application_message"),
    path("applications/<slug:number>/appeal/", applicant_thread.appeal, name="appeal_application"),
    path("applications/<slug:number>/withdraw/", applicant_thread.withdraw, name="withdraw_application"),
    path("status/<slug:number>/<str:secret>/", applicant_follow.status, name="application_status"),
]
