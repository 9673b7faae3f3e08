"""Doors of safety: red flags and what is asked at a visit, the owner's rules."""

from django.urls import path

from treatments.views import rules, safety

urlpatterns = [
    path("patient/<uuid:uid>/red-flags/", safety.screen, name="red_flags"),
    path("patient/<uuid:uid>/emergency/", safety.emergency, name="emergency"),
    path("patient/<uuid:uid>/clearance/", safety.clearance, name="clearance"),
    path("patient/<uuid:uid>/asked-today/", safety.asked_today, name="asked_today"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.rule_new, name="rule_new"),
    path("rules/set-aside/", rules.set_aside, name="rules_set_aside"),
    path("rules/<slug:name>/", rules.rule, name="rule"),
]
