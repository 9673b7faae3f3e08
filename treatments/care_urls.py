"""Doors of plans' library, of exercises at home, and of letters."""

from django.urls import path

from treatments.views import home, letters, library

urlpatterns = [
    path("exercises/", library.exercises, name="exercises"),
    path("exercises/add/", library.exercise_add, name="exercise_add"),
    path("exercises/<slug:slug>/", library.exercise, name="exercise"),
    path("exercises/<slug:slug>/change/", library.exercise_change, name="exercise_change"),
    path("exercises/<slug:slug>/retire/", library.exercise_retire, name="exercise_retire"),
    path("exercises/<slug:slug>/bring-back/", library.exercise_bring_back, name="exercise_bring_back"),
    path("templates/", library.templates, name="templates"),
    path("templates/add/", library.template_add, name="template_add"),
    path("templates/<uuid:uid>/", library.template_change, name="template_change"),
    path("templates/<uuid:uid>/retire/", library.template_retire, name="template_retire"),
    path("templates/<uuid:uid>/bring-back/", library.template_bring_back, name="template_bring_back"),
    path("plan/<uuid:uid>/home/", home.panel, name="home"),
    path("plan/<uuid:uid>/home/programme.pdf", home.paper, name="home_paper"),
    path("plan/<uuid:uid>/home/link/", home.link, name="home_link"),
    path("episode/<uuid:uid>/letter/", letters.start, name="letter_start"),
    path("letter/<uuid:uid>/", letters.letter, name="letter"),
    path("letter/<uuid:uid>/draft.pdf", letters.preview, name="letter_preview"),
    path("letter/<uuid:uid>/discard/", letters.discard, name="letter_discard"),
]
