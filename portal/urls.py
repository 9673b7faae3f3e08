from django.urls import path

from portal import diary, home, measures, offered, views, visits

app_name = "portal"
urlpatterns = [
    path("free/<str:token>/", offered.offer, name="offer"),
    path("free/<str:token>/no/", offered.decline, name="offer_decline"),
    path("visits/<str:token>/", visits.visits, name="visits"),
    path("questions/<str:token>/", measures.questions, name="measures"),
    path("diary/<str:token>/", diary.diary, name="diary"),
    path("diary/<str:token>/<uuid:entry>/", diary.entry, name="diary_entry"),
    path("diary/<str:token>/<uuid:entry>/remove/", diary.remove, name="diary_remove"),
    path("home/<str:token>/", home.programme, name="home"),
    path("home/<str:token>/programme.pdf", home.paper, name="home_paper"),
    path("<str:token>/", views.visit, name="visit"),
    path("<str:token>/cancel/", views.cancel, name="cancel"),
    path("<str:token>/visit.ics", views.calendar, name="calendar"),
    path("<str:token>/other-time/", views.move, name="move"),
]
