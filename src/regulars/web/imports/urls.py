"""Addresses of the imports."""

from __future__ import annotations

from django.urls import path

from regulars.web.imports import files, listing, receiving, report, rules

urlpatterns = [
    path("imports/", listing.imports, name="imports"),
    path("imports/first/", listing.first, name="imports_first"),
    path("imports/upload/", receiving.upload, name="imports_upload"),
    path("imports/mappings/", listing.mappings, name="imports_mappings"),
    path("imports/mappings/<uuid:uid>/name/", listing.rename, name="imports_mapping_name"),
    path("imports/mappings/<uuid:uid>/forget/", listing.forget, name="imports_mapping_forget"),
    path("imports/rules/", rules.rules, name="imports_rules"),
    path("imports/rules/restore/", rules.restore, name="imports_rules_restore"),
    path("imports/rules/<uuid:uid>/<slug:verb>/", rules.act, name="imports_rule_act"),
    path("imports/files/<uuid:uid>/", files.files, name="imports_files"),
    path("imports/files/<uuid:uid>/mapping/", files.change_mapping, name="imports_files_mapping"),
    path("imports/files/<uuid:uid>/mapping/keep/", files.keep_mapping, name="imports_files_save"),
    path("imports/files/<uuid:uid>/import/", files.start, name="imports_files_import"),
    path("imports/files/<uuid:uid>/again/", files.again, name="imports_files_again"),
    path("imports/files/<uuid:uid>/discard/", files.discard, name="imports_files_discard"),
    path("imports/files/<uuid:uid>/rates/", files.type_rates, name="imports_files_rates"),
    path("imports/files/<uuid:uid>/currency/", files.count_in, name="imports_files_currency"),
    path("imports/<uuid:uid>/", report.report, name="import"),
    path("imports/<uuid:uid>/rejected.<slug:suffix>", report.rejected_file, name="import_rejected"),
    path("imports/<uuid:uid>/undo/", report.confirm_undo, name="import_undo"),
    path("imports/<uuid:uid>/undo/now/", report.undo, name="import_undo_now"),
]
