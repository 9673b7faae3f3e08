"""The states a plan and a note go through, and every step between them that is allowed."""

from django.db import models


class PlanStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    ACCEPTED = "accepted", "Accepted"
    COMPLETED = "completed", "Completed"
    STOPPED = "stopped", "Stopped"
    SUPERSEDED = "superseded", "Superseded"


class NoteStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    SIGNED = "signed", "Signed"


class NotePrivacy(models.TextChoices):
    """Who of those that may read a patient's notes may read this one."""

    CLINICIANS = "clinicians", "All clinicians of the patient"
    DISCIPLINE = "discipline", "My discipline"
    PRIVATE = "private", "Only me (the owner with a reason)"


PLAN_TRANSITIONS: dict[PlanStatus, frozenset[PlanStatus]] = {
    PlanStatus.PROPOSED: frozenset({PlanStatus.ACCEPTED, PlanStatus.STOPPED, PlanStatus.SUPERSEDED}),
    PlanStatus.ACCEPTED: frozenset({PlanStatus.COMPLETED, PlanStatus.STOPPED, PlanStatus.SUPERSEDED}),
    PlanStatus.COMPLETED: frozenset(),
    PlanStatus.STOPPED: frozenset(),
    PlanStatus.SUPERSEDED: frozenset(),
}

NOTE_TRANSITIONS: dict[NoteStatus, frozenset[NoteStatus]] = {
    NoteStatus.DRAFT: frozenset({NoteStatus.SIGNED}),
    NoteStatus.SIGNED: frozenset(),
}

#: A plan that can still be worked on; a set of states is spelled out only here.
OPEN_PLAN = frozenset({PlanStatus.PROPOSED, PlanStatus.ACCEPTED})

#: What `manage.py states` draws into docs/states.md.
TRANSITIONS = {"Plan of care": PLAN_TRANSITIONS, "Session note": NOTE_TRANSITIONS}
