"""Addresses of the house itself. `/__lbheartbeat__` is answered by `middleware.py`, in front of everything."""

from django.urls import path

from access_portal.accounts.views import set_language
from access_portal.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("account/", views.account, name="account"),
    path("language/", set_language, name="set_language"),
    path("__heartbeat__", views.heartbeat, name="heartbeat"),
    path("__version__", views.show_version, name="version"),
    path("robots.txt", views.robots, name="robots"),
]
