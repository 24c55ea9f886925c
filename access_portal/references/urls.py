"""Addresses of references. `<secret>` is the one-time key of a letter and is kept out of the log (`logs.py`)."""

from django.urls import path

from access_portal.references import views

urlpatterns = [
    path("reference/<str:secret>/", views.reference, name="reference"),
    path("references/<int:reference_id>/resend/", views.resend, name="resend_reference"),
    path("account/identity/", views.identity, name="identity"),
]
