"""Addresses of projects, proofs, pitches and ratings."""

from __future__ import annotations

from django.urls import path

from regulars.web.value import customer, pitch, projects, proofs, ratings, section

urlpatterns = [
    path("accounts/<uuid:uid>/value/", section.account_value, name="account_value"),
    path("accounts/<uuid:uid>/value/ask/", section.account_value_ask, name="account_value_ask"),
    path("accounts/<uuid:uid>/value/worth/", section.account_worth, name="account_worth"),
    path("accounts/<uuid:uid>/projects/new/", projects.new, name="project_new"),
    path("accounts/<uuid:uid>/value-proofs/new/", proofs.new, name="value_proof_new"),
    path("accounts/<uuid:uid>/pitch/", pitch.account_pitch, name="account_pitch"),
    path("accounts/<uuid:uid>/pitch.pdf", pitch.account_pitch_document, name="account_pitch_pdf"),
    path("projects/", projects.projects, name="projects"),
    path("projects/measurements/<uuid:uid>/take-back/", projects.measurement_back, name="measurement_back"),
    path("projects/questions/<uuid:uid>/take-back/", projects.sign_off_back, name="sign_off_back"),
    path("projects/<uuid:uid>/", projects.project, name="project"),
    path("projects/<uuid:uid>/edit/", projects.edit, name="project_edit"),
    path("projects/<uuid:uid>/ask/", projects.ask, name="project_ask"),
    path("projects/<uuid:uid>/<slug:verb>/", projects.act, name="project_act"),
    path("value-proofs/", proofs.value_proofs, name="value_proofs"),
    path("value-proofs/questions/<uuid:uid>/take-back/", section.proof_ask_back, name="proof_ask_back"),
    path("value-proofs/worth/<uuid:uid>/take-back/", section.worth_back, name="worth_back"),
    path("value-proofs/<uuid:uid>/", proofs.value_proof, name="value_proof"),
    path("value-proofs/<uuid:uid>/<slug:verb>/", proofs.act, name="value_proof_act"),
    path("pitch/", pitch.pitch, name="pitch"),
    path("pitch.pdf", pitch.pitch_document, name="pitch_pdf"),
    path("my-rating/", ratings.my_rating, name="my_rating"),
    path("service-ratings/", ratings.service_ratings, name="service_ratings"),
    path("sign-off/<str:key>/", customer.sign_off, name="sign_off_answer"),
    path("worth/<str:key>/", customer.worth, name="worth_answer"),
    path("rate/<str:key>/", customer.rate, name="rate_answer"),
]
