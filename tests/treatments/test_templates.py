"""Templates fill the form of a plan; nothing is saved until it is proposed, and clinics change them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.forms import StaleRecord
from clinic.models import AuditEvent
from tests.factories import people
from tests.factories import treatments as make
from treatments import common_plans, library, overview, starting
from treatments.catalogue import EXERCISES
from treatments.models import Exercise, Plan, PlanTemplate

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
FACTS = {"name": "Runner's back", "suits": "Runners.", "causes": ["sport"], "tissue_states": ["guarding"]}


def test_four_common_troubles_have_a_template_and_every_exercise_in_it_exists():
    slugs = {entry.slug for entry in EXERCISES}
    assert {one.slug for one in common_plans.COMMON} == {
        "acute-lifting-spasm", "chronic-adhesions", "after-surgery", "tension",
    }  # fmt: skip
    for one in common_plans.COMMON:
        assert one.start.massages
        assert one.start.goals
        assert {dose.exercise for dose in one.start.doses} <= slugs
    assert PlanTemplate.objects.in_use().count() == 4


_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)


@given(
    summary=_WORDS,
    doses=st.lists(st.builds(starting.DoseStart, _WORDS, *[st.integers(1, 20)] * 4, next_when=_WORDS), max_size=3),
    goals=st.lists(st.builds(starting.GoalStart, _WORDS, _WORDS, _WORDS, st.none() | st.integers(1, 700)), max_size=3),
)
def test_what_is_written_is_read_back_the_same(summary, doses, goals):
    start = starting.Start(summary=summary, doses=tuple(doses), goals=tuple(goals))
    assert starting.read(starting.written(start)) == start


def test_what_nobody_wrote_is_an_error():
    with pytest.raises(TypeError):
        starting.read({"surprise": 1})


def test_the_template_that_suits_the_episode_comes_first():
    first = overview.templates_for(make.an_episode(cause="lifting", tissue_state="active_spasm"))[0]
    assert first.slug == "acute-lifting-spasm"
    assert overview.templates_for(make.an_episode(cause="surgery", tissue_state="scar"))[0].slug == "after-surgery"


def test_a_template_fills_the_form_and_saves_nothing(client):
    episode = make.an_episode()
    author = make.a_practitioner()
    make.a_plan(make.an_episode(episode.patient), author=author)
    client.force_login(author.user, backend=BACKEND)
    template = PlanTemplate.objects.get(slug="acute-lifting-spasm")
    before = Plan.objects.count()
    page = client.get(reverse("treatments:plan_new", args=[episode.uid]), {"template": str(template.uid)})
    text = page.content.decode()
    assert "Calm the spasm first" in text
    assert "ten minutes are easy three days running" in text
    assert "Nothing is saved until you propose it" in text
    assert Plan.objects.count() == before


def test_another_templates_address_is_an_empty_form(client):
    plan = make.a_plan(accepted=False)
    client.force_login(plan.author.user, backend=BACKEND)
    answer = client.get(reverse("treatments:plan_new", args=[plan.episode.uid]), {"template": "nonsense"})
    assert answer.status_code == 200
    assert "A template fills the form" in answer.content.decode()


def test_what_was_retired_is_left_out_of_a_filled_form(client):
    episode = make.an_episode()
    plan = make.a_plan(episode, accepted=False)
    owner = people.an_owner()
    library.retire_exercise(Exercise.objects.get(slug="walking"), by=owner, now=make.NOW)
    client.force_login(plan.author.user, backend=BACKEND)
    template = PlanTemplate.objects.get(slug="acute-lifting-spasm")
    text = client.get(reverse("treatments:plan_new", args=[episode.uid]), {"template": str(template.uid)}).content
    assert b"ten minutes are easy three days running" not in text


def test_an_owner_changes_a_template_and_plans_made_from_it_stay():
    owner, plan = people.an_owner(), make.a_plan(summary="As it was")
    template = PlanTemplate.objects.get(slug="tension")
    start = replace(starting.read(template.content), summary="As we do it here")
    library.save_template(template, **FACTS, start=start, revision=1, by=owner, now=make.NOW)
    template.refresh_from_db()
    assert starting.read(template.content).summary == "As we do it here"
    assert (template.name, template.revision) == ("Runner's back", 2)
    assert Plan.objects.get(pk=plan.pk).summary == "As it was"
    assert AuditEvent.objects.filter(action="template.changed").count() == 1


def test_of_two_owners_changing_a_template_the_second_is_told():
    owner, template = people.an_owner(), PlanTemplate.objects.get(slug="tension")
    library.save_template(template, **FACTS, start=starting.Start(), revision=1, by=owner, now=make.NOW)
    with pytest.raises(StaleRecord):
        library.save_template(template, **FACTS, start=starting.Start(), revision=1, by=owner, now=make.NOW)


def test_two_templates_in_use_never_have_one_name():
    owner = people.an_owner()
    one = library.save_template(None, **FACTS, start=starting.Start(), by=owner, now=make.NOW)
    with pytest.raises(library.LibraryRefused, match="of that name"):
        library.save_template(
            None, **{**FACTS, "name": "RUNNER'S BACK"}, start=starting.Start(), by=owner, now=make.NOW
        )
    library.retire_template(one, by=owner, now=make.NOW)
    library.save_template(None, **FACTS, start=starting.Start(), by=owner, now=make.NOW)
    with pytest.raises(library.LibraryRefused, match="has that name now"):
        library.bring_back_template(one, by=owner, now=make.NOW)


def test_a_release_never_overwrites_what_a_clinic_changed():
    owner, template = people.an_owner(), PlanTemplate.objects.get(slug="tension")
    library.save_template(template, **FACTS, start=starting.Start(), revision=1, by=owner, now=make.NOW)
    common_plans.load(PlanTemplate)
    template.refresh_from_db()
    assert template.name == "Runner's back"


def test_the_owners_form_saves_what_it_shows(client):
    client.force_login(people.an_owner(), backend=BACKEND)
    template = PlanTemplate.objects.get(slug="after-surgery")
    url = reverse("treatments:template_change", args=[template.uid])
    before = starting.read(template.content)
    filled = {}
    forms = client.get(url).context["forms"]
    for form in [forms.plan, *forms.massages, *forms.doses, *forms.goals]:
        for field in form:
            value = field.value()
            if value not in (None, False):
                filled[field.html_name] = "on" if value is True else value
    for formset in (forms.massages, forms.doses, forms.goals):
        filled |= {f.html_name: f.value() for f in formset.management_form}
    assert client.post(url, filled).status_code == 303
    template.refresh_from_db()
    assert starting.read(template.content) == replace(before, doses=tuple(sorted(before.doses, key=_in_the_form)))


def _in_the_form(dose):
    """The form lists exercises by group and name."""
    exercise = Exercise.objects.get(slug=dose.exercise)
    return (exercise.group, exercise.name)


@pytest.mark.parametrize("role", ["desk", "therapist"])
def test_only_an_owner_changes_templates(client, role):
    client.force_login(people.front_desk() if role == "desk" else people.a_therapist(), backend=BACKEND)
    template = PlanTemplate.objects.get(slug="tension")
    assert client.get(reverse("treatments:templates")).status_code == 200
    assert client.get(reverse("treatments:template_change", args=[template.uid])).status_code == 403
    assert client.post(reverse("treatments:template_retire", args=[template.uid])).status_code == 403
