"""Addresses of the front desk and of the tables."""

from django.urls import path

from access_portal.office import views
from access_portal.office.tables import tables

urlpatterns = [
    path("", views.office, name="office"),
    path("admin/", tables.urls),
]
