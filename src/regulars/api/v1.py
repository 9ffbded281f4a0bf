"""The API, version 1: its routers, its answers, its description."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema

from regulars.api import (
    bonuses,
    check_ins,
    dependence,
    dossier,
    expectations,
    forecasts,
    handovers,
    insight,
    key_accounts,
    leads,
    lifetimes,
    live_orders,
    members,
    opportunities,
    plan,
    playbooks,
    promises,
    protection,
    relations,
    review_minutes,
    review_schedule,
    sales_plan,
    suggestions,
    value,
    white_space,
    winback,
)
from regulars.api.bearer import BearerToken, RequestsAMinute
from regulars.api.changes import etag_of
from regulars.api.facts import accounts, contacts, effort, imports, interactions, issues, orders, signals, uploads
from regulars.api.problems import MEDIA_TYPE, Problem, answer_problems
from regulars.api.webhooks import routes as webhooks

PROBLEMS = {
    401: "The token is missing, unknown, expired or revoked.",
    403: "The token lacks the scope.",
    404: "There is no such record, or the token's member may not see it or do this.",
    409: "Somebody else is at it, or it was done before.",
    412: "The record was changed since it was read (If-Match).",
    422: "The request does not fit.",
    429: "Too many requests with this token.",
}


class DescriptionPage(Swagger):
    """The description as a page with files of this installation; ninja itself would fetch them from elsewhere."""

    template = "web/api.html"

    def render_page(self, request: HttpRequest, api: NinjaAPI, **named: Any) -> HttpResponse:
        shown = {**self.settings, "url": self.get_openapi_url(api, named)}
        return render(request, self.template, {"api": api, "swagger_settings": json.dumps(shown)})


class Api(NinjaAPI):
    """Reads and corrections carry an ETag; problems are described once for all routes."""

    def create_response(self, request: HttpRequest, data: Any, **options: Any) -> HttpResponse:
        response = super().create_response(request, data, **options)
        if request.method not in {"GET", "PATCH"} or response.status_code != 200:
            return response
        response["ETag"] = etag_of(response.content)
        if request.method == "PATCH":
            return response
        response["Cache-Control"] = "private, no-cache"
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        assert isinstance(answer, HttpResponse)
        return answer

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"] |= _problem_schemas()
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"] |= {str(status): _problem(text) for status, text in PROBLEMS.items()}
        return schema


def _problem_schemas() -> dict[str, Any]:
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**described.pop("$defs", {}), "Problem": described}


def _problem(description: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": reference}}}


api = Api(
    title="Regulars",
    version="1",
    description="Accounts, orders, scores with their reasons, and whom to contact today.",
    urls_namespace="api-v1",
    auth=BearerToken(),
    throttle=RequestsAMinute(),
    docs=DescriptionPage(),
    openapi_extra={"info": {"license": {"name": "Apache-2.0"}}},
)
answer_problems(api)
for router in (
    members.router,
    accounts.router,
    contacts.router,
    interactions.router,
    signals.router,
    issues.router,
    check_ins.router,
    effort.router,
    orders.router,
    live_orders.router,
    imports.router,
    uploads.router,
    insight.router,
    protection.router,
    forecasts.router,
    expectations.router,
    lifetimes.router,
    dependence.router,
    sales_plan.router,
    suggestions.router,
    plan.router,
    promises.router,
    dossier.router,
    playbooks.router,
    key_accounts.router,
    bonuses.router,
    relations.router,
    review_schedule.router,
    handovers.router,
    leads.router,
    review_minutes.router,
    value.router,
    opportunities.router,
    white_space.router,
    winback.router,
    webhooks.router,
):
    api.add_router("", router)
