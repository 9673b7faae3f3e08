"""English as Tonus comes: warm, short, and nothing in it that a neighbour could not read."""

from __future__ import annotations

from clinic.wording.kinds import Kind
from clinic.wording.speech import Speech

_HELLO = "Hello {name},\n\n"
_SIGNED = "\n\n{clinic}"
_ONCE = "The link is meant for you alone and works once.[ You can also call {phone}.]" + _SIGNED
_ANSWER = "\n\nPlease confirm, or tell us that you cannot come:\n\n{link}\n\n" + _ONCE
_ANSWER_FIRST = "\n\nPlease confirm the first, or tell us that you cannot come:\n\n{link}\n\n" + _ONCE
_ANSWER_EACH = (
    "\n\nPlease confirm each of them, or tell us that you cannot come:\n\n{link}\n\nThe link is meant for you "
    "alone.[ You can also call {phone}.]" + _SIGNED
)
_SORRY = "\n\nWe are sorry. Please get in touch to find another time[: {phone}]." + _SIGNED
_CALL = "Please get in touch to find a time that suits you[: {phone}]."

MAILS = {
    Kind.VISIT_BOOKED: (
        "Your visit is booked",
        _HELLO + "your visit to {clinic} is booked:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_BOOKED: (
        "Your visits are booked",
        _HELLO + "your visits to {clinic} are booked:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.SERIES_BOOKED: (
        "Your visits are booked",
        _HELLO + "your visits to {clinic} are booked:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_REMINDER: (
        "Reminder of your visit",
        _HELLO + "this is a reminder of your visit to {clinic}:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_REMINDER: (
        "Reminder of your visits",
        _HELLO + "this is a reminder of your visits to {clinic}:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.FAMILY_REMINDER: (
        "Reminder of your visits",
        "Hello {names},\n\nthis is a reminder of your visits to {clinic}:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.VISIT_MOVED: (
        "Your visit has a new time",
        _HELLO + "your visit to {clinic} has a new time:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISIT_CHANGED: (
        "Your visit has changed",
        _HELLO + "we at {clinic} had to change a visit:\n\n{lines}" + _ANSWER,
    ),
    Kind.VISITS_CHANGED: (
        "Your visits have changed",
        _HELLO + "we at {clinic} had to change your visits:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_CANCELLED: (
        "Your visit cannot take place",
        _HELLO + "we at {clinic} cannot keep your visit:\n\n{lines}" + _SORRY,
    ),
    Kind.VISITS_CANCELLED: (
        "Your visits cannot take place",
        _HELLO + "we at {clinic} cannot keep your visits:\n\n{lines}" + _SORRY,
    ),
    Kind.WAITLIST_OFFER: (
        "A time has become free for you",
        _HELLO + "a time has become free at {clinic}:\n\n{when}[\n{place}][\n\nIt would replace your visit on "
        "{instead}.]\n\nIt is kept for you until {until}. If it suits you, take it here; if not, say so and somebody "
        "else can have it:\n\n{link}\n\nIf you do nothing, it goes to somebody else, and you stay on our list. The "
        "link is meant for you alone.[ You can also call {phone}.]" + _SIGNED,
    ),
    Kind.RECALL: (
        "Shall we find your next visit?",
        _HELLO + "your next visit to {clinic} is not booked yet, and we would be glad to see you again.\n\n" + _CALL
        + " If you would rather wait, you need not do anything." + _SIGNED,
    ),
    Kind.PLAN_REVIEW: (
        "Time to look back together",
        _HELLO + "it is time to look together at how far you have come, and at what comes next.\n\n" + _CALL
        + " If a visit is booked already, we will do it then." + _SIGNED,
    ),
    Kind.EXERCISE_NUDGE: (
        "How is it going?",
        _HELLO + "your own page has been quiet for some days. A little, often, helps most; and if something keeps "
        "you from it, tell us, so that we can change it.\n\n{link}\n\nThe link is meant for you alone.[ You can also "
        "call {phone}.]" + _SIGNED,
    ),
    Kind.HOME_PROGRAMME: (
        "Your own page",
        _HELLO + "here is your own page at {clinic}. Please keep this message:\n\n{link}\n\nThe link is meant for "
        "you alone. It works until {until}." + _SIGNED,
    ),
    Kind.QUESTIONS: (
        "Some questions before your visit",
        _HELLO + "before your next visit we would like to ask you a few questions:\n\n{link}\n\nThe link is meant "
        "for you alone and works once. It works until {until}." + _SIGNED,
    ),
    Kind.DIARY: (
        "Your page for notes",
        _HELLO + "here is your page for short notes between visits. Please keep this message:\n\n{link}\n\nThe link "
        "is meant for you alone. It works until {until}." + _SIGNED,
    ),
    Kind.INVOICE: (
        "Your invoice from {clinic}",
        _HELLO + "your invoice {number} comes to {amount}.[ Please pay it by {due}.]\n\nIf anything about it is "
        "unclear, please ask us[: {phone}]." + _SIGNED,
    ),
    Kind.INVOICE_OVERDUE: (
        "A reminder of your invoice",
        _HELLO + "we are still waiting for {amount} on invoice {number}[, which was to be paid by {due}]. Perhaps it "
        "slipped your mind.\n\nIf you have paid meanwhile, please forget this message. If you would rather pay in "
        "parts, or anything is unclear, please ask us[: {phone}]." + _SIGNED,
    ),
}  # fmt: skip

_OFTEN = " {link} STOP to end"
TEXTS = {
    Kind.VISIT_BOOKED: "{name}, booked: {clinic}, {when}. Confirm/change:" + _OFTEN,
    Kind.VISITS_BOOKED: "{name}, booked: {clinic}\n{lines}\nConfirm/change:" + _OFTEN,
    Kind.SERIES_BOOKED: "{name}, booked: {clinic}\n{lines}\nConfirm the first/change:" + _OFTEN,
    Kind.VISIT_REMINDER: "{name}, see you at {clinic}, {when}. Confirm/change:" + _OFTEN,
    Kind.VISITS_REMINDER: "{name}, see you at {clinic}\n{lines}\nConfirm/change:" + _OFTEN,
    Kind.FAMILY_REMINDER: "Your visits to {clinic}:\n{lines}\nConfirm/change:" + _OFTEN,
    Kind.VISIT_MOVED: "{name}, new time at {clinic}: {when}. Confirm/change:" + _OFTEN,
    Kind.VISIT_CHANGED: "{name}, {clinic} had to change your visit. {lines} Confirm/change: {link}",
    Kind.VISITS_CHANGED: "{name}, {clinic} had to change your visits:\n{lines}\nConfirm the first/change: {link}",
    Kind.VISIT_CANCELLED: "{name}, {clinic} is sorry: {lines} Please get in touch for another time[: {phone}].",
    Kind.VISITS_CANCELLED: "{name}, {clinic} is sorry:\n{lines}\nPlease get in touch for other times[: {phone}].",
    Kind.WAITLIST_OFFER: "{name}, a time is free at {clinic}: {when}[ (instead of {instead})]. Kept for you until "
    "{until}: {link}",
    Kind.RECALL: "{name}, your next visit to {clinic} is not booked yet. Shall we find a time?[ Call {phone}.] STOP "
    "to end",
    Kind.PLAN_REVIEW: "{name}, it is time to look back together at {clinic}. Shall we find a time?[ Call {phone}.] "
    "STOP to end",
    Kind.EXERCISE_NUDGE: "{name}, how is it going? Your own page at {clinic}:" + _OFTEN,
    Kind.HOME_PROGRAMME: "{name}, your own page at {clinic}, until {until}: {link}",
    Kind.QUESTIONS: "{name}, a few questions from {clinic} before your visit: {link}",
    Kind.DIARY: "{name}, your page for notes at {clinic}, until {until}: {link}",
    Kind.INVOICE: "{name}, there is an invoice for you at {clinic}. Please ask us for it[: {phone}]. STOP to end",
    Kind.INVOICE_OVERDUE: "{name}, an invoice at {clinic} is still open. Please get in touch[: {phone}]. STOP to end",
    Kind.REPLY_CONFIRMED: "Thank you[, {name}]. {clinic} expects you[: {when}].",
    Kind.REPLY_OTHER_TIME: "Thank you[, {name}]. {clinic} will get in touch about another time. Until then the visit "
    "stays booked.",
    Kind.REPLY_NO_VISIT: "{clinic}: we find no visit for this number. Please get in touch[: {phone}].",
    Kind.REPLY_PASSED_ON: "Thank you. Somebody at {clinic} will read this.[ If it is urgent, call {phone}.]",
    Kind.REPLY_HELP: "{clinic}: C confirms your next visit, R asks for another time, STOP ends these texts.[ Call "
    "{phone}.]",
    Kind.REPLY_STOPPED: "{clinic}: no more texts from us. Your visits stay booked. START brings the texts back.",
    Kind.REPLY_STARTED: "{clinic}: you get our texts again. STOP ends them.",
}  # fmt: skip

ENGLISH = Speech(
    code="en",
    name="English",
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    short_days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    short_months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    long="{day_name} {d} {month} {year}, {hour} ({zone})",
    short="{day_name} {d} {month}, {hour}",
    day="{d} {month} {year}",
    hour="{hh}:{mm}",
    full_hour="{hh}:{mm}",
    short_hour="{hh}:{mm}",
    short_full_hour="{hh}:{mm}",
    money="{symbol}{amount}",
    thousands=",",
    decimals=".",
    line_for="{who}: {when}",
    moved="{was} is now {now}.",
    off="{was} cannot take place.",
    same_time="{was} stays as it is, with another of our team.",
    more="and {count} more.",
    last_and=" and ",
    nameless="the clinic",
    fallback="Or open this address:",
    labels={
        "": "Open",
        "visit": "Open my visit",
        "visits": "Open my visits",
        "waitlist": "See the time",
        "measures": "Answer the questions",
        "spasm_diary": "Open my page",
        "home": "Open my page",
        "password": "Choose a password",
    },
    mails=MAILS,
    texts=TEXTS,
    telling=frozenset({
        # what is done
        "massage", "massages", "physiotherapy", "physiotherapist", "physical therapy", "physical therapist", "physio",
        "therapy", "therapist", "treatment", "treatments", "deep tissue", "trigger point", "dry needling",
        "acupuncture", "osteopathy", "chiropractic", "rehab", "rehabilitation", "manual therapy", "lymph drainage",
        "exercise", "exercises", "surgery", "injection",
        # where
        "your back", "lower back", "upper back", "back pain", "neck", "shoulder", "shoulders", "elbow", "wrist",
        "hip", "hips", "knee", "knees", "ankle", "spine", "pelvis", "pelvic", "thigh", "calf", "buttock", "groin",
        "abdomen", "chest", "jaw", "lumbar", "muscle", "muscles", "joint", "joints", "nerve", "sciatic",
        # what for
        "pain", "painful", "ache", "spasm", "spasms", "cramp", "injury", "diagnosis", "diagnosed", "disease",
        "symptom", "symptoms", "sciatica", "arthritis", "herniated", "disc", "fracture", "sprain",
        "strain", "scoliosis", "fibromyalgia", "inflammation", "numbness", "depression", "pregnancy", "cancer",
        # with what
        "medication", "medicine", "drug", "drugs", "dose", "tablet", "tablets", "ibuprofen", "naproxen", "diclofenac",
        "paracetamol", "acetaminophen", "aspirin", "cyclobenzaprine", "methocarbamol", "tizanidine", "baclofen",
        "diazepam", "opioid", "tramadol", "prednisone", "gabapentin", "pregabalin", "cortisone", "botox", "warfarin",
        # money
        "balance", "amount", "owe", "debt", "dollars", "copay", "co-pay", "deductible",
    }),
)  # fmt: skip
