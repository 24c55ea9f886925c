"""Addresses about a person's own data, and the office's page about forgetting."""

from django.urls import path

from access_portal.privacy import office, views

urlpatterns = [
    path("account/profile/", views.profile, name="profile"),
    path("account/data/", views.my_data, name="my_data"),
    path("account/data/export/", views.my_data_export, name="my_data_export"),
    path("account/delete/", views.delete_account, name="delete_account"),
    path("account/closed/", views.account_closed, name="account_closed"),
    path("office/retention/", office.retention, name="retention"),
]
