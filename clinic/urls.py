"""All doors of the house."""

from django.conf import settings
from django.urls import include, path

from clinic import hooks, inbox_views, landing
from portal import hooks as portal_hooks
from portal import unsubscribe
from scheduling.views import feeds

urlpatterns = [
    path("", landing.home, name="home"),
    path("alive/", landing.alive, name="alive"),
    path("patients/", include("patients.urls")),
    path("treatments/", include("treatments.urls")),
    path("schedule/", include("scheduling.urls")),
    path("billing/", include("billing.urls")),
    path("calendar/<str:token>.ics", feeds.feed, name="calendar_feed"),
    path("v/", include("portal.urls")),
    path("hooks/sms/in/", portal_hooks.sms_in, name="sms_in"),
    path("hooks/sms/status/<uuid:uid>/", hooks.sms_status, name="sms_status"),
    path("hooks/mail/", hooks.mail, name="mail_hook"),
    path("unsubscribe/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("unsubscribe/<str:token>/again/", unsubscribe.again, name="unsubscribe_again"),
    path("office/", include("clinic.office_urls")),
    path("setup/", include("clinic.setup")),
    path("account/", include("clinic.account_urls")),
]

if settings.INBOX_DIR:
    urlpatterns += [
        path("inbox/", inbox_views.mails, name="inbox"),
        path("inbox/phones/", inbox_views.new_number, name="inbox_new_number"),
        path("inbox/phones/<slug:key>/", inbox_views.phone, name="inbox_phone"),
        path("inbox/<str:key>/", inbox_views.mail, name="inbox_mail"),
        path("inbox/<str:key>/html/", inbox_views.mail_html, name="inbox_mail_html"),
    ]

handler400 = landing.bad_request
handler403 = landing.forbidden
handler404 = landing.not_found
handler500 = landing.server_error
