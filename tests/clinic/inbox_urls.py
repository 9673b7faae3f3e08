"""All doors of the house, with those of the local inbox, which a test's settings do not have at the start."""

from django.urls import path

from clinic import inbox_views, urls

urlpatterns = [
    *urls.urlpatterns,
    path("inbox/", inbox_views.mails, name="inbox"),
    path("inbox/phones/", inbox_views.new_number, name="inbox_new_number"),
    path("inbox/phones/<slug:key>/", inbox_views.phone, name="inbox_phone"),
    path("inbox/<str:key>/", inbox_views.mail, name="inbox_mail"),
]
