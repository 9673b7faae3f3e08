"""Addresses of the diary, of visits, and of what the clinic offers. Only random ids stand in them."""

from django.urls import URLPattern, path

from scheduling import resources
from scheduling.views import (
    book,
    diary,
    errand,
    feeds,
    find,
    group_moves,
    groups,
    hands,
    overbooked,
    panels,
    preferences,
    public_holidays,
    series,
    setup,
    swap,
    today,
    touched,
    visit,
    waitlist,
)

app_name = "scheduling"


def of_shelf(shelf: setup.Shelf) -> list[URLPattern]:
    """List, add, change, retire and bring back one kind of thing."""
    at, one = f"setup/{shelf.many}/", shelf.one
    retired = setup.switching(shelf, resources.retire, "{thing} is no longer offered.")
    back = setup.switching(shelf, resources.bring_back, "{thing} is offered again.")
    return [
        path(at, setup.listing(shelf), name=shelf.many),
        path(f"{at}add/", setup.adding(shelf), name=f"{one}_add"),
        path(f"{at}<uuid:uid>/", setup.changing(shelf), name=f"{one}_change"),
        path(f"{at}<uuid:uid>/retire/", retired, name=f"{one}_retire"),
        path(f"{at}<uuid:uid>/bring-back/", back, name=f"{one}_bring_back"),
    ]


urlpatterns = [
    path("", diary.diary, name="diary"),
    path("week/", diary.week, name="week"),
    path("list/", diary.day_list, name="day_list"),
    path("today/", today.today, name="today"),
    path("book/", book.book, name="book"),
    path("book/together/", errand.errand, name="errand"),
    path("groups/", groups.listing, name="groups"),
    path("groups/open/", groups.open_session, name="group_open"),
    path("groups/<uuid:uid>/", groups.session, name="group"),
    path("groups/<uuid:uid>/seats/", groups.set_seats, name="group_seats"),
    path("groups/<uuid:uid>/call-off/", groups.call_off, name="group_call_off"),
    path("groups/<uuid:uid>/move/", group_moves.move, name="group_move"),
    path("groups/<uuid:uid>/drop/", group_moves.drop, name="group_drop"),
    path("groups/<uuid:uid>/undo-move/", group_moves.undo_move, name="group_undo_move"),
    path("overbooked/", overbooked.overbooked, name="overbooked"),
    path("waitlist/", waitlist.listing, name="waitlist"),
    path("waitlist/add/", waitlist.add, name="waitlist_add"),
    path("waitlist/<uuid:uid>/", waitlist.entry, name="waitlist_entry"),
    path("waitlist/<uuid:uid>/change/", waitlist.change, name="waitlist_change"),
    path("waitlist/<uuid:uid>/offer/", waitlist.offer_now, name="waitlist_offer"),
    path("waitlist/<uuid:uid>/withdraw/", waitlist.withdraw, name="waitlist_withdraw"),
    path("waitlist/<uuid:uid>/again/", waitlist.again, name="waitlist_again"),
    path("waitlist/offers/<uuid:uid>/phoned/", waitlist.phoned, name="offer_phoned"),
    path("waitlist/offers/<uuid:uid>/taken/", waitlist.taken, name="offer_taken"),
    path("waitlist/offers/<uuid:uid>/declined/", waitlist.declined, name="offer_declined"),
    path("waitlist/offers/<uuid:uid>/take-back/", waitlist.take_back, name="offer_take_back"),
    path("find/", find.find, name="find"),
    path("series/new/", series.new, name="series_new"),
    path("series/<uuid:uid>/", series.shown, name="series"),
    path("series/<uuid:uid>/place/", series.rest, name="series_rest"),
    path("series/<uuid:uid>/change/", series.change, name="series_change"),
    path("series/<uuid:uid>/call-off/", series.call_off, name="series_call_off"),
    path("away/<uuid:uid>/", touched.away, name="away"),
    path("touched/absence/<uuid:uid>/", touched.by_absence, name="touched_by_absence"),
    path("touched/closure/<uuid:uid>/", touched.by_closure, name="touched_by_closure"),
    path("visit/<uuid:uid>/", visit.visit, name="visit"),
    path("visit/<uuid:uid>/move/", visit.move, name="move"),
    path("visit/<uuid:uid>/swap/", swap.swap, name="swap"),
    path("visit/<uuid:uid>/cancel/", visit.cancel, name="cancel"),
    path("visit/<uuid:uid>/confirm/", visit.confirm, name="confirm"),
    path("visit/<uuid:uid>/arrive/", visit.arrive, name="arrive"),
    path("visit/<uuid:uid>/start/", visit.start, name="start"),
    path("visit/<uuid:uid>/complete/", visit.complete, name="complete"),
    path("visit/<uuid:uid>/no-show/", visit.no_show, name="no_show"),
    path("visit/<uuid:uid>/undo/", visit.undo, name="undo"),
    path("visit/<uuid:uid>/drop/", hands.drop, name="drop"),
    path("visit/<uuid:uid>/undo-move/", hands.undo_move, name="undo_move"),
    path("visit/<uuid:uid>/chart/", today.open_chart, name="open_chart"),
    path("patient/<uuid:uid>/preferred-times/", preferences.preferred_times, name="preferred_times"),
    path("patient/<uuid:uid>/", panels.patient_panel, name="patient_panel"),
    path("plan/<uuid:uid>/progress/", panels.plan_progress, name="plan_progress"),
    path("episode/<uuid:uid>/referral/", panels.referral_use, name="referral_use"),
    *(pattern for shelf in (setup.SERVICES, setup.ROOMS, setup.DEVICES) for pattern in of_shelf(shelf)),
    path("setup/hours/", setup.hours, name="hours"),
    path("setup/hours/closures/", setup.closure_add, name="closure_add"),
    path("setup/hours/closures/<uuid:uid>/remove/", setup.closure_remove, name="closure_remove"),
    path("setup/hours/holidays/", public_holidays.holidays, name="holidays"),
    path("my-calendar/", feeds.mine, name="my_calendar"),
    path("my-calendar/<uuid:uid>/rotate/", feeds.rotate_mine, name="my_calendar_rotate"),
    path("my-calendar/<uuid:uid>/revoke/", feeds.revoke_mine, name="my_calendar_revoke"),
    path("setup/calendars/", feeds.of_places, name="calendars"),
    path("setup/calendars/<uuid:uid>/rotate/", feeds.rotate, name="calendar_rotate"),
    path("setup/calendars/<uuid:uid>/revoke/", feeds.revoke, name="calendar_revoke"),
    path("setup/working/", setup.working, name="working"),
    path("setup/working/extra/", setup.extra_hours_add, name="extra_hours_add"),
    path("setup/working/extra/<uuid:uid>/remove/", setup.extra_hours_remove, name="extra_hours_remove"),
    path("setup/absences/", setup.absences, name="absences"),
    path("setup/absences/<uuid:uid>/remove/", setup.absence_remove, name="absence_remove"),
]
