"""Addresses of the office's pages about licences."""

from django.urls import path

from access_portal.licences import office

urlpatterns = [
    path("", office.office_licences, name="office_licences"),
    path("<slug:slug>/publish/", office.publish_licence, name="publish_licence"),
]
