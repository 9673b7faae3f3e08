"""Doors of this room."""

from django.urls import path

from treatments import body_urls, care_urls
from treatments.views import episodes, notes, outcomes, plans, results

app_name = "treatments"

urlpatterns = [
    path("patient/<uuid:uid>/", episodes.patient_panel, name="patient_panel"),
    path("patient/<uuid:uid>/episode/", episodes.episode_new, name="episode_new"),
    path("patient/<uuid:uid>/injury/<uuid:injury>/episode/", episodes.episode_new, name="episode_from_injury"),
    path("patient/<uuid:uid>/note/", notes.note_new, name="note_new"),
    path("episode/<uuid:uid>/", episodes.episode, name="episode"),
    path("episode/<uuid:uid>/edit/", episodes.episode_edit, name="episode_edit"),
    path("episode/<uuid:uid>/examine/", episodes.episode_examine, name="episode_examine"),
    path("episode/<uuid:uid>/close/", episodes.episode_close, name="episode_close"),
    path("episode/<uuid:uid>/diagnosis/", episodes.diagnosis_new, name="diagnosis_new"),
    path("episode/<uuid:uid>/referral/", episodes.referral_new, name="referral_new"),
    path("episode/<uuid:uid>/plan/", plans.plan_new, name="plan_new"),
    path("episode/<uuid:uid>/findings/", plans.findings, name="findings"),
    path("diagnosis/<uuid:uid>/void/", episodes.diagnosis_void, name="diagnosis_void"),
    path("referral/<uuid:uid>/void/", episodes.referral_void, name="referral_void"),
    path("diagnosis-codes/", episodes.diagnosis_codes, name="diagnosis_codes"),
    path("plan/<uuid:uid>/", plans.plan, name="plan"),
    path("plan/<uuid:uid>/print/", plans.plan_print, name="plan_print"),
    path("plan/<uuid:uid>/revise/", plans.plan_revise, name="plan_revise"),
    path("plan/<uuid:uid>/accept/", plans.plan_accept, name="plan_accept"),
    path("plan/<uuid:uid>/end/", plans.plan_end, name="plan_end"),
    path("notes/", notes.unsigned, name="unsigned"),
    path("note/<uuid:uid>/", notes.note, name="note"),
    path("note/<uuid:uid>/chart/", notes.chart, name="chart"),
    path("note/<uuid:uid>/autosave/", notes.autosave, name="autosave"),
    path("note/<uuid:uid>/carry/", notes.carry, name="carry"),
    path("note/<uuid:uid>/sign/", notes.sign, name="sign"),
    path("note/<uuid:uid>/discard/", notes.discard, name="discard"),
    path("note/<uuid:uid>/amend/", notes.amend, name="amend"),
    path("patient/<uuid:uid>/timeline/", outcomes.patient_timeline, name="timeline"),
    path("patient/<uuid:uid>/outcomes/", outcomes.outcomes_panel, name="outcomes_panel"),
    path("patient/<uuid:uid>/measure/<slug:slug>/", outcomes.measure_take, name="measure_take"),
    path("patient/<uuid:uid>/measures/ask/", outcomes.measures_ask, name="measures_ask"),
    path("measures/<uuid:uid>/withdraw/", outcomes.measures_withdraw, name="measures_withdraw"),
    path("measurement/<uuid:uid>/strike/", outcomes.measure_strike, name="measure_strike"),
    path("patient/<uuid:uid>/spasms/", outcomes.spasm_diary, name="spasm_diary"),
    path("patient/<uuid:uid>/spasms/link/", outcomes.spasm_diary_link, name="spasm_diary_link"),
    path("spasm-diary/<uuid:uid>/revoke/", outcomes.spasm_diary_revoke, name="spasm_diary_revoke"),
    path("spasm-diary/<uuid:uid>/close/", outcomes.spasm_diary_close, name="spasm_diary_close"),
    path("what-works/", results.what_works, name="what_works"),
    path("thresholds/", results.thresholds, name="thresholds"),
    path("thresholds/rules/", results.rules_change, name="outcome_rules"),
    path("thresholds/<slug:slug>/", results.threshold_change, name="threshold_change"),
    path("thresholds/<slug:slug>/<slug:movement>/", results.threshold_change, name="threshold_of_movement"),
    *care_urls.urlpatterns,
    *body_urls.urlpatterns,
]
