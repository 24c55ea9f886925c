"""The address of a grant's access log."""

from django.urls import path

from release.catalogue import log_views

urlpatterns = [path("<slug:number>/downloads/", log_views.grant_downloads, name="grant_downloads")]
