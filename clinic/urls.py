"""All doors of the house."""

from django.urls import include, path

from clinic import landing

urlpatterns = [
    path("", landing.home, name="home"),
    path("alive/", landing.alive, name="alive"),
    path("patients/", include("patients.urls")),
    path("treatments/", include("treatments.urls")),
    path("schedule/", include("scheduling.urls")),
    path("billing/", include("billing.urls")),
    path("v/", include("portal.urls")),
    path("office/", include("clinic.office_urls")),
    path("setup/", include("clinic.setup")),
    path("account/", include("clinic.account_urls")),
]

handler400 = landing.bad_request
handler403 = landing.forbidden
handler404 = landing.not_found
handler500 = landing.server_error
