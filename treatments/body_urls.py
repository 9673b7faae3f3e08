"""Doors of the body chart."""

from django.urls import path

from treatments.views import bodychart

urlpatterns = [
    path("note/<uuid:uid>/body/", bodychart.body_chart, name="body_chart"),
    path("note/<uuid:uid>/body/autosave/", bodychart.body_autosave, name="body_autosave"),
    path("note/<uuid:uid>/body/carry/", bodychart.body_carry, name="body_carry"),
    path("patient/<uuid:uid>/body/", bodychart.body_history, name="body_history"),
    path("patient/<uuid:uid>/body/compare/", bodychart.body_compare, name="body_compare"),
    path("plan/<uuid:uid>/body/", bodychart.body_heat, name="body_heat"),
]
