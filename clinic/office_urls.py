"""The owner's office. Other rooms add their own pages of the office below."""

from django.urls import URLPattern, URLResolver, path

from clinic import audit_views, channel_views, message_days, messages_views, office_home, office_views, wording_views

app_name = "office"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", office_home.home, name="home"),
    path("health/", office_home.health, name="health"),
    path("staff/", office_views.staff_list, name="staff"),
    path("staff/add/", office_views.staff_add, name="staff_add"),
    path("staff/<uuid:uid>/", office_views.staff_edit, name="staff_edit"),
    path("staff/<uuid:uid>/deactivate/", office_views.staff_deactivate, name="staff_deactivate"),
    path("staff/<uuid:uid>/reactivate/", office_views.staff_reactivate, name="staff_reactivate"),
    path("staff/<uuid:uid>/invite/", office_views.staff_invite, name="staff_invite"),
    path("staff/<uuid:uid>/start-over/", office_views.staff_start_over, name="staff_start_over"),
    path("locations/", office_views.locations, name="locations"),
    path("locations/add/", office_views.location_add, name="location_add"),
    path("locations/<uuid:uid>/", office_views.location_edit, name="location_edit"),
    path("locations/<uuid:uid>/close/", office_views.location_close, name="location_close"),
    path("locations/<uuid:uid>/reopen/", office_views.location_reopen, name="location_reopen"),
    path("clinic/", office_views.clinic, name="clinic"),
    path("audit/", audit_views.audit_log, name="audit"),
    path("audit/verify/", office_home.audit_verify, name="audit_verify"),
    path("wording/", wording_views.templates, name="wording"),
    path("wording/<str:kind>/<str:channel>/<str:language>/", wording_views.template, name="wording_edit"),
    path("wording/<str:kind>/<str:channel>/<str:language>/preview/", wording_views.preview, name="wording_preview"),
    path("wording/<str:kind>/<str:channel>/<str:language>/other/", wording_views.other_words, name="wording_other"),
    path("wording/<str:kind>/<str:channel>/<str:language>/reset/", wording_views.reset, name="wording_reset"),
    path("messages/", messages_views.to_do, name="messages"),
    path("messages/channel/", channel_views.channel, name="channel"),
    path("messages/log/", messages_views.log, name="messages_log"),
    path("messages/day/", message_days.day, name="messages_day"),
    path("messages/search/", message_days.search, name="messages_search"),
    path("messages/done/", messages_views.tasks_done, name="messages_done"),
    path("messages/<uuid:uid>/", messages_views.message, name="message"),
    path("messages/<uuid:uid>/resolve/", messages_views.resolve, name="message_resolve"),
    path("messages/<uuid:uid>/send/", messages_views.send_anyway, name="message_send"),
    path("messages/tasks/<uuid:uid>/done/", messages_views.task_done, name="desk_task_done"),
]
