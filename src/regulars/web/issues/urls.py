"""Addresses of issues."""

from __future__ import annotations

from django.urls import path

from regulars.web.issues import account, capture, effort, issue, problems, queue

urlpatterns = [
    path("issues/", queue.queue, name="issues"),
    path("issues/new/", capture.new, name="issue_new"),
    path("issues/known/", capture.known, name="issue_known"),
    path("issues/dissatisfied/", queue.dissatisfied, name="issues_dissatisfied"),
    path("issues/effort/", effort.effort, name="issues_effort"),
    path("effort/<str:key>/", effort.answer, name="effort_answer"),
    path("issues/problems/", problems.problems, name="issue_problems"),
    path("issues/problems/<uuid:uid>/", problems.problem, name="issue_problem"),
    path("issues/problems/<uuid:uid>/settle/", problems.settle, name="issue_problem_settle"),
    path("issues/<uuid:uid>/", issue.issue, name="issue"),
    path("issues/<uuid:uid>/<slug:verb>/", issue.act, name="issue_act"),
    path("accounts/<uuid:uid>/issues/", account.account_issues, name="account_issues"),
]
