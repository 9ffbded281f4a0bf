"""Addresses of the settings."""

from __future__ import annotations

from django.urls import path

from regulars.web.settings import causes, invitations, members, organisation, roles, start, teams

urlpatterns = [
    path("settings/", start.settings, name="settings"),
    path("settings/organisation/", organisation.organisation, name="settings_organisation"),
    path("settings/teams/", teams.teams, name="settings_teams"),
    path("settings/teams/add/", teams.add_team, name="settings_team_add"),
    path("settings/teams/<uuid:uid>/", teams.team, name="settings_team"),
    path("settings/teams/<uuid:uid>/remove/", teams.remove_a_team, name="settings_team_remove"),
    path("settings/departments/add/", teams.add_department, name="settings_department_add"),
    path("settings/departments/<uuid:uid>/", teams.department, name="settings_department"),
    path("settings/departments/<uuid:uid>/remove/", teams.remove_a_department, name="settings_department_remove"),
    path("settings/members/", members.members, name="settings_members"),
    path("settings/members/roles/", roles.roles, name="settings_roles"),
    path("settings/members/invite/", invitations.invite, name="settings_invite"),
    path("settings/members/<uuid:uid>/", members.member, name="settings_member"),
    path("settings/members/<uuid:uid>/deactivate/", members.deactivate, name="settings_member_deactivate"),
    path("settings/members/<uuid:uid>/activate/", members.activate, name="settings_member_activate"),
    path("settings/causes/", causes.causes, name="settings_causes"),
    path("settings/causes/compute/", causes.refresh, name="settings_refresh"),
    path("settings/causes/<slug:cause>/", causes.thresholds, name="settings_thresholds"),
    path("settings/causes/<slug:cause>/switch/", causes.switch, name="settings_cause_switch"),
    path("settings/invitations/<uuid:uid>/resend/", invitations.resend, name="settings_invitation_resend"),
    path("settings/invitations/<uuid:uid>/withdraw/", invitations.withdraw, name="settings_invitation_withdraw"),
]
