"""Addresses of the office pages on forms."""

from django.urls import path

from access_portal.questionnaires import views

urlpatterns = [
    path("forms/", views.forms, name="forms"),
    path("forms/publish/", views.publish_form, name="publish_form"),
    path("forms/<int:pk>/", views.form_version, name="form_version"),
    path("forms/<int:pk>/definition.json", views.form_definition, name="form_definition"),
]
