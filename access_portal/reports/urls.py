"""Addresses of figures: public ones, the office's, and files."""

from django.urls import path, re_path

from access_portal.reports.views import exports, office, public

urlpatterns = [
    path("transparency/", public.transparency, name="transparency"),
    path("transparency.json", public.transparency_json, name="transparency_json"),
    path("transparency/<slug:number>/take-back/", public.take_back, name="take_back_statement"),
    path("office/reports/", office.reports, name="reports"),
    path("office/reports/keep/", office.save_report, name="save_report"),
    path("office/reports/<int:report_id>/drop/", office.delete_report, name="delete_report"),
    path("office/reports/cases.csv", exports.cases_file, name="cases_file"),
    re_path(r"^office/reports/(?P<name>[a-z-]{1,40})\.(?P<kind>csv|json)$", exports.report_file, name="reports_export"),
    path("office/cases/export/", exports.find_case_to_copy, name="find_case_to_copy"),
    path("office/cases/<slug:number>/export/", exports.copy_case, name="copy_case"),
    path("office/cases/<slug:number>/export.json", exports.case_export, name="case_export"),
]
