"""Addresses of a person's jobs."""

from django.urls import path

from inference_worker import views

urlpatterns = [
    path("", views.my_jobs, name="my_jobs"),
    path("<str:batch_id>/", views.job, name="job"),
    path("<str:batch_id>/cancel/", views.cancel, name="cancel_job"),
    path("<str:batch_id>/files/<str:kind>", views.job_file, name="job_file"),
]
