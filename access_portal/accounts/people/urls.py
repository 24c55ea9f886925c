"""Addresses of the office's pages about people, below /office/."""

from django.urls import path

from access_portal.accounts.people import views

urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/<slug:username>/", views.person, name="person"),
    path("people/<slug:username>/role/<slug:name>/", views.change_role, name="person_role"),
    path("people/<slug:username>/<slug:name>/", views.act, name="person_act"),
]
