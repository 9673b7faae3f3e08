"""What Imani does: examines, plans, agrees it with Ana, and charts the visit on a tablet."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from clinic.demo.sign_ins import PASSWORD
from tests.journeys.front_desk import said, today
from tests.journeys.people import Person

# -- 3: the plan ---------------------------------------------------------------------------------------


def then_the_record_is_closed_to_who_does_not_treat_her(imani: Person, record: str, episode: str) -> None:
    imani.page.goto(record)
    imani.sees("The clinical record is closed to you", "Open with a reason")
    assert "Penicillin" not in imani.page.content()
    imani.looks("record-closed")
    assert imani.context.request.get(episode).status == 404


def when_the_therapist_records_what_she_found(imani: Person, episode: str) -> None:
    imani.page.goto(episode)
    imani.follows("Record examination")
    imani.chooses("Tissue state", "Active spasm")
    imani.looks("examination")
    imani.page.locator("main form button[type=submit]").last.click()
    imani.sees("Active spasm, seen by Imani Okonkwo")


def when_the_therapist_writes_the_plan(imani: Person) -> None:
    page = imani.page
    imani.follows("Write the plan")
    massage = page.get_by_role("region", name="Massage")
    massage.get_by_label("Technique").first.select_option(label="Gentle massage")
    massage.get_by_label("Minutes").first.fill("45")
    massage.get_by_label("Sessions").first.fill("6")
    massage.get_by_label("Days apart").first.fill("3")
    therapy = page.get_by_role("region", name="Physical therapy")
    for label, number in (("Minutes", "30"), ("Sessions", "6"), ("Days apart", "7")):
        therapy.get_by_label(label).first.fill(number)
    therapy.get_by_text(re.compile(r"^Ease and move")).click()
    for name in ("Gentle brace", "Pelvic tilt"):
        therapy.get_by_label(re.compile(f"^{name}")).check()
    medication = page.get_by_role("region", name="Medication as ordered")
    expect(medication.get_by_label(re.compile("Cyclobenzaprine"))).to_be_checked()
    expect(medication).to_contain_text("5 mg at night, for two weeks · Dr. Lena Hoffmann")
    goals = page.locator("[name=goal-0-measure]")
    goals.select_option(label="Pain, 0 to 10")
    page.fill("[name=goal-0-baseline]", "7")
    page.fill("[name=goal-0-target]", "2")
    page.fill("[name=goal-0-due_on]", said(today() + timedelta(days=28)))
    imani.looks("plan-form")
    imani.presses("Propose the plan")
    page.wait_for_url(re.compile(r"/treatments/plan/[0-9a-f-]{36}/$"))


def then_the_plan_lists_all_three_kinds(imani: Person) -> None:
    imani.sees("Proposed", "Gentle massage", re.compile(r"6\s+sessions of\s+45\s+min, at least 3 days apart"))
    imani.sees("Gentle brace", "Pelvic tilt", "Cyclobenzaprine", "5 mg at night", "Pain, 0 to 10", "7 → 2")
    imani.looks("plan-proposed")


def when_ana_agrees_to_the_plan(imani: Person) -> None:
    imani.follows("Record consent")
    imani.page.locator("main form input[type=checkbox]").check()
    imani.looks("consent")
    imani.presses("The patient agreed")
    imani.sees("Accepted", "Consent given")
    imani.looks("plan-accepted")


# -- 7: the chart --------------------------------------------------------------------------------------


def then_tomorrows_visit_cannot_be_charted_yet(imani: Person, visit: str) -> None:
    imani.page.goto(visit)
    expect(imani.page.get_by_role("button", name="Open the chart")).to_have_count(0)


def when_the_therapist_charts_the_visit_on_a_tablet(imani: Person) -> None:
    page = imani.page
    page.goto("/schedule/today/")
    imani.looks("today")
    visit = page.locator("li, tr, article").filter(has_text="Ana Reyes").last
    visit.get_by_role("button", name=re.compile("chart", re.IGNORECASE)).first.tap()
    page.wait_for_url(re.compile(r"/treatments/note/[0-9a-f-]{36}/chart/$"))
    imani.looks("chart-empty")
    imani.presses("As planned")
    row = page.locator("[data-rows=technique] [data-row]").first
    expect(row.get_by_label("Minutes")).to_have_value("23")
    tap_on_the_scale(imani, "Pain before", 7)
    page.get_by_label("Spasms since last time").fill("4")
    page.get_by_label("Subjective").fill("Three spasms at night, worst on getting up.")
    page.get_by_label("Objective").fill("High tone both sides of the lumbar spine, guarded bend.")
    tap_on_the_scale(imani, "Pain after", 4)
    page.get_by_label("Response to treatment").fill("Bends to the knees again.")
    page.get_by_label("Assessment").fill("Muscle spasm settling; no red flags.")
    page.get_by_label("Plan", exact=True).fill("Continue as planned, walk daily.")
    row.get_by_label("Minutes").fill("20")
    row.get_by_label("Pressure").select_option(label="2 of 5")
    imani.presses("All of it still holds")
    expect(page.locator("[data-carried-bar]")).to_be_hidden()
    expect(page.locator("[data-state]")).to_contain_text("Saved", timeout=15_000)
    imani.looks("chart")


def tap_on_the_scale(imani: Person, scale: str, number: int) -> None:
    group = imani.page.get_by_role("group", name=scale)
    imani.taps(group.get_by_role("radio", name=str(number), exact=True))


def when_the_therapist_signs(imani: Person) -> None:
    imani.presses(re.compile("Sign"))
    imani.page.wait_for_url(re.compile("/sign/$|/reauthenticate/"))
    if "/reauthenticate/" in imani.page.url:
        imani.page.fill("[name=password]", PASSWORD)
        imani.page.get_by_role("button", name="Confirm").click()
    imani.sees("Once signed it is never changed")
    imani.looks("sign")
    imani.presses("Sign as Imani Okonkwo")
    imani.page.wait_for_url(re.compile(r"/treatments/note/[0-9a-f-]{36}/$"))


def then_the_note_is_locked(imani: Person) -> None:
    imani.sees("Signed by Imani Okonkwo", "Unchanged since", "Gentle massage", "Bends to the knees again.")
    imani.looks("note")
    note = imani.page.url
    imani.page.goto(f"{note}chart/")
    assert imani.page.url == note, "a signed note has no chart to type in"
    expect(imani.page.get_by_role("button", name="Save draft")).to_have_count(0)
