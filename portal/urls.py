from django.urls import path

from portal import views

app_name = "portal"
urlpatterns = [
    path("<str:token>/", views.visit, name="visit"),
    path("<str:token>/cancel/", views.cancel, name="cancel"),
    path("<str:token>/visit.ics", views.calendar, name="calendar"),
    path("<str:token>/other-time/", views.move, name="move"),
]
