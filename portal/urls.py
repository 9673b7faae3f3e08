from django.urls import path

from portal import home, offered, views

app_name = "portal"
urlpatterns = [
    path("free/<str:token>/", offered.offer, name="offer"),
    path("free/<str:token>/no/", offered.decline, name="offer_decline"),
    path("home/<str:token>/", home.programme, name="home"),
    path("home/<str:token>/programme.pdf", home.paper, name="home_paper"),
    path("<str:token>/", views.visit, name="visit"),
    path("<str:token>/cancel/", views.cancel, name="cancel"),
    path("<str:token>/visit.ics", views.calendar, name="calendar"),
    path("<str:token>/other-time/", views.move, name="move"),
]
