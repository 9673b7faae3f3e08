"""What goes out to people, the links inside it, and what comes back for the desk to do."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Upper

from clinic.messaging_states import (
    IN_HAND,
    NEVER_LEFT,
    OPEN,
    REASONS,
    STOPPABLE,
    TAKEN,
    Channel,
    MessagePurpose,
    Reason,
    Resolution,
    State,
)


def _reason_belongs_to_the_state() -> Q:
    rule = Q(reason="") & ~Q(state__in=REASONS)
    for state, reasons in REASONS.items():
        rule |= Q(state=state, reason__in=sorted(reasons))
    return rule


class OutboundMessageQuerySet(models.QuerySet["OutboundMessage"]):
    def visible_to(self, actor: Any, can: Any = None) -> Self:
        from clinic.access import Can, allows  # noqa: PLC0415 -- access reads the models

        return self.all() if allows(actor, can or Can.SEE_MESSAGES) else self.none()

    def about(self, subject_uid: object) -> Self:
        return self.filter(subject_uid=subject_uid)

    def due(self, now: datetime, channel: str = "") -> Self:
        """What may leave by now, the longest waiting first; on one channel, or on any."""
        ways = [channel] if channel else Channel.values
        return self.filter(state=State.PLANNED, channel__in=ways, next_try_at__lte=now).order_by("next_try_at", "pk")

    def said_by(self, leaders: Collection[UUID]) -> Self:
        """Not sent, as those say the same."""
        return self.filter(said_by_uid__in=leaders, state=State.SUPPRESSED, reason=Reason.DUPLICATE_CONTACT)

    def left_to_another(self) -> Self:
        """Not sent, as another message is to say the same, and has not yet."""
        heard = OutboundMessage.objects.filter(uid=OuterRef("said_by_uid")).exclude(state__in=NEVER_LEFT)
        left = self.filter(said_by_uid__isnull=False, state=State.SUPPRESSED, reason=Reason.DUPLICATE_CONTACT)
        return left.exclude(Exists(heard))

    def unsaid(self, now: datetime) -> Self:
        """Left to another message that was not sent either, while there is still time."""
        silent = OutboundMessage.objects.filter(uid=OuterRef("said_by_uid")).not_sent()
        left = self.filter(said_by_uid__isnull=False, state=State.SUPPRESSED, too_late_at__gt=now)
        return left.filter(Exists(silent), reason=Reason.DUPLICATE_CONTACT)

    def stoppable(self) -> Self:
        """Nothing of it has left the house yet."""
        return self.filter(state__in=STOPPABLE)

    def in_hand(self) -> Self:
        return self.filter(state__in=IN_HAND)

    def waiting(self) -> Self:
        return self.filter(state__in=OPEN)

    def gone_out(self) -> Self:
        return self.filter(state__in=TAKEN)

    def not_sent(self) -> Self:
        return self.filter(state__in=(State.SUPPRESSED, State.FAILED))

    def unknown(self) -> Self:
        """It may or may not have left."""
        return self.filter(state=State.UNKNOWN)

    def unresolved(self) -> Self:
        """Unknown, and nobody has dealt with it."""
        return self.unknown().filter(resolved_at__isnull=True)

    def to_look_up(self, now: datetime, *, after: timedelta, within: timedelta) -> Self:
        """Of which the provider may be asked now: handed over so long ago, and no longer."""
        asked = self.unresolved().filter(handing_over_at__range=(now - within, now - after), next_try_at__lte=now)
        return asked.order_by("too_late_at", "pk")

    def needing_a_person(self, now: datetime) -> Self:
        """The patient does not know, and there is still time to tell them."""
        return self.filter(needs_person=True, resolved_at__isnull=True, too_late_at__gt=now)

    def for_list(self) -> Self:
        return self.select_related("resolved_by").defer("text", "html", "calendar").order_by("-due_at", "-pk")

    def soonest_first(self) -> Self:
        return self.for_list().order_by("due_at", "pk")

    def before_that(self, uid: UUID | None) -> Self:
        """Due before that message; all when there is none."""
        last = OutboundMessage.objects.filter(uid=uid).only("due_at").first() if uid else None
        return self.filter(Q(due_at__lt=last.due_at) | Q(due_at=last.due_at, pk__lt=last.pk)) if last else self.all()

    def from_here_on(self, uid: UUID | None) -> Self:
        """Due after that message; all when there is none."""
        last = OutboundMessage.objects.filter(uid=uid).only("due_at").first() if uid else None
        return self.filter(Q(due_at__gt=last.due_at) | Q(due_at=last.due_at, pk__gt=last.pk)) if last else self.all()


class OutboundMessage(models.Model):
    """One message to one person about one thing; what became of it. See docs/algorithms/outbox.md."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=30, choices=MessagePurpose.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    #: Which of several messages of this purpose: "24h before", "at booking".
    occasion = models.CharField(max_length=40)

    patient_uid = models.UUIDField(null=True)
    to_name = models.CharField(max_length=200, blank=True)
    to_address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10, default="en")

    subject_kind = models.CharField(max_length=30)
    subject_uid = models.UUIDField()
    subject_version = models.PositiveIntegerField(default=1)

    #: Whose words it speaks: that of a booking may be the reminder as well.
    says = models.CharField(max_length=30, choices=MessagePurpose.choices, blank=True, default="", db_default="")
    #: Which template said it, in which version: "visit_reminder/sms/en 3".
    wording = models.CharField(max_length=60, blank=True, default="", db_default="")
    #: Which of the clinic's rules asked for it.
    rule_uid = models.UUIDField(null=True)
    #: The message that says this one's words as well, when it does not go out itself.
    said_by_uid = models.UUIDField(null=True)
    title = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    #: An iCalendar object that goes along, for the calendar of whoever gets it.
    calendar = models.TextField(blank=True, default="", db_default="")
    #: When set, `{link}` in the text becomes a link made at hand-over; only its digest is kept.
    link_purpose = models.CharField(max_length=30, blank=True)
    link_expires_at = models.DateTimeField(null=True)

    planned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    too_late_at = models.DateTimeField()
    next_try_at = models.DateTimeField()

    state = models.CharField(max_length=20, choices=State.choices, default=State.PLANNED)
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)
    #: A reply code at most; what servers say may repeat the address.
    detail = models.CharField(max_length=60, blank=True)
    #: Counts claims and fences late senders: a step counts only with the attempt that was claimed.
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    handing_over_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)
    #: Stopped while being handed over: should the server refuse it, it is not tried again.
    void_reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)

    needs_person = models.BooleanField(default=False)
    resolution = models.CharField(max_length=20, choices=Resolution.choices, blank=True)
    resolution_note = models.CharField(max_length=500, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OutboundMessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="message_is_planned_once",
                fields=["subject_uid", "subject_version", "purpose", "occasion", "channel", "to_address"],
            ),
            models.CheckConstraint(name="message_purpose_is_known", condition=Q(purpose__in=MessagePurpose.values)),
            models.CheckConstraint(name="message_channel_is_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(name="message_state_is_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="message_gives_a_reason_when_it_was_not_sent", condition=_reason_belongs_to_the_state()
            ),
            models.CheckConstraint(
                name="message_is_leased_while_in_hand",
                condition=Q(state__in=sorted(IN_HAND), lease_until__isnull=False)
                | (~Q(state__in=sorted(IN_HAND)) & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="message_was_handed_over_before_it_was_taken",
                condition=Q(state__in=[State.FAILED, State.UNKNOWN])
                | Q(state__in=[State.HANDING_OVER, *sorted(TAKEN)], handing_over_at__isnull=False)
                | Q(state__in=[State.PLANNED, State.CLAIMED, State.SUPPRESSED], handing_over_at__isnull=True),
            ),
            models.CheckConstraint(
                name="message_taken_has_a_time_and_a_provider_id",
                condition=(Q(state__in=sorted(TAKEN), accepted_at__isnull=False) & ~Q(provider_id=""))
                | (~Q(state__in=sorted(TAKEN)) & Q(accepted_at__isnull=True, provider_id="")),
            ),
            models.CheckConstraint(
                name="message_is_settled_when_it_has_ended",
                condition=Q(state__in=sorted(OPEN), settled_at__isnull=True)
                | (~Q(state__in=sorted(OPEN)) & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="message_is_due_before_it_is_too_late",
                condition=Q(due_at__lte=F("too_late_at")) | Q(state=State.SUPPRESSED),
            ),
            models.CheckConstraint(
                name="message_to_be_sent_has_an_address",
                condition=~Q(to_address="") | Q(state=State.SUPPRESSED),
            ),
            models.CheckConstraint(
                name="message_link_has_an_end",
                condition=Q(link_purpose="", link_expires_at__isnull=True)
                | (~Q(link_purpose="") & Q(link_expires_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="message_resolved_by_someone_somehow",
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True, resolution="")
                | (Q(resolved_at__isnull=False, resolved_by__isnull=False) & ~Q(resolution="")),
            ),
        ]
        indexes = [
            # The sender reads only these two; a million messages of next month lie beyond their end.
            models.Index(name="message_due", fields=["channel", "next_try_at", "id"], condition=Q(state=State.PLANNED)),
            models.Index(name="message_lease", fields=["lease_until"], condition=Q(state__in=sorted(IN_HAND))),
            models.Index(
                name="message_needs_person",
                fields=["too_late_at"],
                condition=Q(needs_person=True, resolved_at__isnull=True),
            ),
            models.Index(name="message_unknown", fields=["handing_over_at"], condition=Q(state=State.UNKNOWN)),
            # What others say, and of that what may still have to be said.
            models.Index(name="message_said_by", fields=["said_by_uid"], condition=Q(said_by_uid__isnull=False)),
            models.Index(
                name="message_left_to_another",
                fields=["too_late_at"],
                condition=Q(said_by_uid__isnull=False, state=State.SUPPRESSED),
            ),
            models.Index(name="message_log", fields=["-due_at", "-id"]),
            models.Index(name="message_patient", fields=["patient_uid", "-due_at"]),
            # Who wants no more is found however the address was typed.
            models.Index(
                Upper("to_address"), "channel", name="message_open_address", condition=Q(state__in=sorted(OPEN))
            ),
            # What one phone is told lately and soon, whoever shares it.
            models.Index(name="message_address", fields=["channel", "to_address", "due_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.get_state_display()})"

    @property
    def message_id(self) -> str:
        """The same in our ledger, in the mail's Message-ID and at the provider."""
        return str(self.uid)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class ActionLinkQuerySet(models.QuerySet["ActionLink"]):
    def about(self, subject_uid: object) -> Self:
        return self.filter(subject_uid=subject_uid)

    def working(self, now: datetime) -> Self:
        return self.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)


class ActionLink(models.Model):
    """Lets whoever holds it do one thing about one subject, once, for a while. The token itself is not kept."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    #: SHA-256 of the token, in hex.
    digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=30)
    subject_uid = models.UUIDField()
    subject_version = models.PositiveIntegerField(default=1)
    message_uid = models.UUIDField(null=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_for = models.CharField(max_length=30, blank=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ActionLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="link_keeps_only_a_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$")),
            models.CheckConstraint(name="link_expires_after_issue", condition=Q(expires_at__gt=F("issued_at"))),
            models.CheckConstraint(
                name="link_is_used_for_something",
                condition=Q(used_at__isnull=True, used_for="") | (Q(used_at__isnull=False) & ~Q(used_for="")),
            ),
        ]
        indexes = [
            models.Index(name="link_subject", fields=["subject_uid"]),
            models.Index(name="link_message", fields=["message_uid"], condition=Q(message_uid__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"link {self.uid} ({self.purpose})"


class DeskTaskQuerySet(models.QuerySet["DeskTask"]):
    def visible_to(self, actor: Any, can: Any = None) -> Self:
        from clinic.access import Can, allows  # noqa: PLC0415 -- access reads the models

        return self.all() if allows(actor, can or Can.SEE_MESSAGES) else self.none()

    def open(self) -> Self:
        return self.filter(done_at__isnull=True)

    def done(self) -> Self:
        return self.filter(done_at__isnull=False)

    def about(self, subject_uid: object) -> Self:
        return self.filter(subject_uid=subject_uid)

    def for_list(self) -> Self:
        return self.select_related("done_by")


class DeskTask(models.Model):
    """Something for a person at the desk to do, asked for by a patient or found by the house."""

    class Kind(models.TextChoices):
        MOVE_WANTED = "move_wanted", "Wants another time"
        VISIT_CANCELLED = "visit_cancelled", "Cancelled a visit"
        #: Found by the house: no message reaches them, or somebody chose to speak with them first.
        CALL_PATIENT = "call_patient", "To be called"
        SERIES_TO_PLACE = "series_to_place", "Days of a series to place"
        #: By text message, in words that no machine should act on.
        WROTE_BACK = "wrote_back", "Wrote back"

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    #: Null when somebody wrote whom nobody knows, or one of several who share a number.
    patient_uid = models.UUIDField(null=True)
    patient_name = models.CharField(max_length=200)
    subject_kind = models.CharField(max_length=30)
    subject_uid = models.UUIDField()
    subject_version = models.PositiveIntegerField(default=1)
    #: When the subject takes place: what is soonest comes first.
    subject_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    #: In the patient's own words.
    note = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=500, blank=True)

    objects = DeskTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="desk_task_is_asked_for_once_at_a_time",
                fields=["kind", "subject_uid", "subject_version"],
                condition=Q(done_at__isnull=True),
            ),
            models.CheckConstraint(
                name="desk_task_kind_is_known",
                condition=Q(
                    kind__in=["move_wanted", "visit_cancelled", "call_patient", "series_to_place", "wrote_back"]
                ),
            ),
            models.CheckConstraint(
                name="desk_task_is_done_by_someone_or_moot",
                condition=Q(done_at__isnull=True, done_by__isnull=True, outcome="")
                | (Q(done_at__isnull=False) & (Q(done_by__isnull=False) | ~Q(outcome=""))),
            ),
        ]
        indexes = [models.Index(name="desk_task_open", fields=["subject_at"], condition=Q(done_at__isnull=True))]

    def __str__(self) -> str:
        return self.get_kind_display()
