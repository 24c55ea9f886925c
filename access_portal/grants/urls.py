"""Addresses of a person's grants and labs. `<number>` is `GR-00001`."""

from django.urls import path

from access_portal.grants.views import lab, own

urlpatterns = [
    path("", own.my_grants, name="my_grants"),
    path("join/<str:token>/", lab.join, name="join_grant"),
    path("<slug:number>/", own.grant, name="grant"),
    path("<slug:number>/attest/", own.attest, name="attest_grant"),
    path("<slug:number>/renew/", own.renew, name="renew_grant"),
    path("<slug:number>/surrender/", own.surrender, name="surrender_grant"),
    path("<slug:number>/members/", lab.members, name="grant_members"),
    path("<slug:number>/members/invite/", lab.invite, name="invite_member"),
    path("<slug:number>/members/<int:pk>/remove/", lab.remove, name="remove_member"),
    path("<slug:number>/leave/", lab.leave, name="leave_lab"),
    path("<slug:number>/transfer/", lab.ask_transfer, name="ask_transfer"),
]
