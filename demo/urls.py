"""Pages that only a demonstration has."""

from django.urls import path

from demo import views

urlpatterns = [
    path("", views.people, name="demo"),
    path("mail/", views.mail, name="demo_mail"),
]
