"""Addresses of the event log, below /office/."""

from django.urls import path

from access_portal.audit import views

urlpatterns = [
    path("audit/", views.audit_log, name="audit_log"),
    path("audit/events.csv", views.export, name="audit_export"),
]
