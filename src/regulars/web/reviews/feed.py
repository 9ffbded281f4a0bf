"""The calendar feed: a secret address that one's calendar program reads; made and closed in the profile."""

from __future__ import annotations

from allauth.core.ratelimit import consume_or_429
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.base.mail.links import link_to
from regulars.base.organisation import organisation, today, zone
from regulars.insight.days import day_of_work
from regulars.plan.review_calendar import close_feed, feed_file, feed_of, member_of_feed, open_feed
from regulars.web.desk import desk_of
from regulars.web.frame import Toast, show_next


@login_not_required
@require_safe
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """The reviews of one member as a calendar file. A key that is unknown and one that was closed answer alike."""
    too_often: HttpResponse | None = consume_or_429(request, action="calendar_feed")
    if too_often is not None:
        return too_often
    member = member_of_feed(key, at=timezone.now())
    if member is None:
        raise Http404
    content = feed_file(member, on=day_of_work(today(organisation())))
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, max-age=900"
    response.headers["Content-Disposition"] = 'inline; filename="reviews.ics"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def own_feed(request: HttpRequest) -> HttpResponse:
    """Make the address, which is shown once, or see when it was read last."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    address = ""
    if request.method == "POST":
        address = link_to(reverse("calendar_feed", args=[open_feed(member=desk.member)]))
    context = {"desk": desk, "feed": feed_of(desk.member), "address": address, "zone": zone(desk.organisation)}
    return render(request, "web/reviews/feed.html", context)


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Close the address: calendars that read it show nothing new."""
    close_feed(member=desk_of(request).member)
    show_next(request, Toast(text=_("The address is closed.")))
    return redirect("own_calendar_feed")
