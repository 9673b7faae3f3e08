"""Deutsch, wie es mit Tonus kommt: Sie, freundlich, kurz. German as Tonus comes, in the formal address."""

from __future__ import annotations

from clinic.wording.kinds import Kind
from clinic.wording.speech import Speech

_HELLO = "Guten Tag {name},\n\n"
_SIGNED = "\n\nFreundliche Grüße\n{clinic}"
_CALL_TOO = "[ Sie können uns auch anrufen: {phone}.]"
_ONCE = "Der Link ist nur für Sie bestimmt und gilt einmal." + _CALL_TOO + _SIGNED
_ANSWER = "\n\nBitte bestätigen Sie, oder sagen Sie uns, dass Sie nicht kommen können:\n\n{link}\n\n" + _ONCE
_ANSWER_FIRST = (
    "\n\nBitte bestätigen Sie den ersten, oder sagen Sie uns, dass Sie nicht kommen können:\n\n{link}\n\n" + _ONCE
)
_ANSWER_EACH = (
    "\n\nBitte bestätigen Sie jeden davon, oder sagen Sie uns, dass Sie nicht kommen können:\n\n{link}\n\nDer Link "
    "ist nur für Sie bestimmt." + _CALL_TOO + _SIGNED
)
_SORRY = "\n\nDas tut uns leid. Bitte melden Sie sich, damit wir einen anderen Termin finden[: {phone}]." + _SIGNED
_CALL = "Bitte melden Sie sich, damit wir einen passenden Termin finden[: {phone}]."

MAILS = {
    Kind.VISIT_BOOKED: (
        "Ihr Termin ist gebucht",
        _HELLO + "Ihr Termin bei {clinic} ist gebucht:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_BOOKED: (
        "Ihre Termine sind gebucht",
        _HELLO + "Ihre Termine bei {clinic} sind gebucht:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.SERIES_BOOKED: (
        "Ihre Termine sind gebucht",
        _HELLO + "Ihre Termine bei {clinic} sind gebucht:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_REMINDER: (
        "Erinnerung an Ihren Termin",
        _HELLO + "wir erinnern Sie an Ihren Termin bei {clinic}:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_REMINDER: (
        "Erinnerung an Ihre Termine",
        _HELLO + "wir erinnern Sie an Ihre Termine bei {clinic}:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.FAMILY_REMINDER: (
        "Erinnerung an Ihre Termine",
        "Guten Tag {names},\n\nwir erinnern Sie an Ihre Termine bei {clinic}:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.VISIT_MOVED: (
        "Ihr Termin hat eine neue Zeit",
        _HELLO + "Ihr Termin bei {clinic} hat eine neue Zeit:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISIT_CHANGED: (
        "Ihr Termin hat sich geändert",
        _HELLO + "wir von {clinic} mussten einen Termin ändern:\n\n{lines}" + _ANSWER,
    ),
    Kind.VISITS_CHANGED: (
        "Ihre Termine haben sich geändert",
        _HELLO + "wir von {clinic} mussten Ihre Termine ändern:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_CANCELLED: (
        "Ihr Termin kann nicht stattfinden",
        _HELLO + "wir von {clinic} müssen Ihren Termin absagen:\n\n{lines}" + _SORRY,
    ),
    Kind.VISITS_CANCELLED: (
        "Ihre Termine können nicht stattfinden",
        _HELLO + "wir von {clinic} müssen Ihre Termine absagen:\n\n{lines}" + _SORRY,
    ),
    Kind.WAITLIST_OFFER: (
        "Für Sie ist ein Termin frei geworden",
        _HELLO + "bei {clinic} ist ein Termin frei geworden:\n\n{when}[\n{place}][\n\nEr würde Ihren Termin "
        "ersetzen: {instead}.]\n\nWir halten ihn für Sie frei bis {until}. Wenn er Ihnen passt, nehmen Sie ihn hier "
        "an; wenn nicht, sagen Sie es uns bitte, dann kann ihn jemand anders haben:\n\n{link}\n\nWenn Sie nichts "
        "tun, bieten wir ihn jemand anderem an, und Sie bleiben auf unserer Liste. Der Link ist nur für Sie bestimmt."
        + _CALL_TOO + _SIGNED,
    ),
    Kind.RECALL: (
        "Wollen wir Ihren nächsten Termin finden?",
        _HELLO + "Ihr nächster Termin bei {clinic} ist noch nicht gebucht, und wir würden uns freuen, Sie "
        "wiederzusehen.\n\n" + _CALL + " Wenn Sie lieber noch warten möchten, brauchen Sie nichts zu tun." + _SIGNED,
    ),
    Kind.PLAN_REVIEW: (
        "Zeit für einen gemeinsamen Rückblick",
        _HELLO + "es ist Zeit, gemeinsam anzusehen, was Sie schon erreicht haben und wie es weitergeht.\n\n" + _CALL
        + " Wenn schon ein Termin gebucht ist, nehmen wir uns dann die Zeit dafür." + _SIGNED,
    ),
    Kind.EXERCISE_NUDGE: (
        "Wie geht es voran?",
        _HELLO + "auf Ihrer eigenen Seite ist es seit einigen Tagen still. Ein wenig, aber oft, hilft am meisten; "
        "und wenn Ihnen etwas im Weg steht, sagen Sie es uns, dann ändern wir es.\n\n{link}\n\nDer Link ist nur für "
        "Sie bestimmt." + _CALL_TOO + _SIGNED,
    ),
    Kind.HOME_PROGRAMME: (
        "Ihre eigene Seite",
        _HELLO + "hier ist Ihre eigene Seite bei {clinic}. Bitte bewahren Sie diese Nachricht auf:\n\n{link}\n\nDer "
        "Link ist nur für Sie bestimmt. Er gilt bis zum {until}." + _SIGNED,
    ),
    Kind.QUESTIONS: (
        "Einige Fragen vor Ihrem Termin",
        _HELLO + "vor Ihrem nächsten Termin möchten wir Ihnen einige Fragen stellen:\n\n{link}\n\nDer Link ist nur "
        "für Sie bestimmt und gilt einmal, bis zum {until}." + _SIGNED,
    ),
    Kind.DIARY: (
        "Ihre Seite für Notizen",
        _HELLO + "hier ist Ihre Seite für kurze Notizen zwischen den Terminen. Bitte bewahren Sie diese Nachricht "
        "auf:\n\n{link}\n\nDer Link ist nur für Sie bestimmt. Er gilt bis zum {until}." + _SIGNED,
    ),
    Kind.INVOICE: (
        "Ihre Rechnung von {clinic}",
        _HELLO + "Ihre Rechnung {number} beträgt {amount}.[ Bitte bezahlen Sie sie bis zum {due}.]\n\nWenn etwas "
        "daran unklar ist, fragen Sie uns bitte[: {phone}]." + _SIGNED,
    ),
    Kind.INVOICE_OVERDUE: (
        "Erinnerung an Ihre Rechnung",
        _HELLO + "auf die Rechnung {number} sind noch {amount} offen[; sie war bis zum {due} zu bezahlen]. "
        "Vielleicht haben Sie es nur übersehen.\n\nWenn Sie inzwischen bezahlt haben, ist diese Nachricht "
        "gegenstandslos. Wenn Sie lieber in Teilen zahlen möchten oder etwas unklar ist, fragen Sie uns bitte[: "
        "{phone}]." + _SIGNED,
    ),
}  # fmt: skip

_OFTEN = " {link} Ende: STOP"
TEXTS = {
    Kind.VISIT_BOOKED: "{name}, gebucht bei {clinic}: {when}. Zu-/Absage:" + _OFTEN,
    Kind.VISITS_BOOKED: "{name}, gebucht bei {clinic}:\n{lines}\nZu-/Absage:" + _OFTEN,
    Kind.SERIES_BOOKED: "{name}, gebucht bei {clinic}:\n{lines}\nZu-/Absage für den ersten:" + _OFTEN,
    Kind.VISIT_REMINDER: "{name}, bis bald bei {clinic}: {when}. Zu-/Absage:" + _OFTEN,
    Kind.VISITS_REMINDER: "{name}, bis bald bei {clinic}:\n{lines}\nZu-/Absage:" + _OFTEN,
    Kind.FAMILY_REMINDER: "Ihre Termine bei {clinic}:\n{lines}\nZu-/Absage:" + _OFTEN,
    Kind.VISIT_MOVED: "{name}, neue Zeit bei {clinic}: {when}. Zu-/Absage:" + _OFTEN,
    Kind.VISIT_CHANGED: "{name}, {clinic} musste Ihren Termin ändern. {lines} Zu-/Absage: {link}",
    Kind.VISITS_CHANGED: "{name}, {clinic} musste Ihre Termine ändern:\n{lines}\nZu-/Absage für den ersten: {link}",
    Kind.VISIT_CANCELLED: "{name}, es tut uns leid ({clinic}): {lines} Bitte melden Sie sich für einen neuen[: "
    "{phone}].",
    Kind.VISITS_CANCELLED: "{name}, es tut uns leid ({clinic}):\n{lines}\nBitte melden Sie sich für neue[: {phone}].",
    Kind.WAITLIST_OFFER: "{name}, bei {clinic} ist frei: {when}[ (statt {instead})]. Für Sie bis {until}: {link}",
    Kind.RECALL: "{name}, Ihr nächster Termin bei {clinic} ist noch nicht gebucht. Wollen wir einen finden?[ Tel. "
    "{phone}.] Ende: STOP",
    Kind.PLAN_REVIEW: "{name}, es ist Zeit für einen gemeinsamen Rückblick bei {clinic}. Wollen wir einen Termin "
    "finden?[ Tel. {phone}.] Ende: STOP",
    Kind.EXERCISE_NUDGE: "{name}, wie geht es voran? Ihre eigene Seite bei {clinic}:" + _OFTEN,
    Kind.HOME_PROGRAMME: "{name}, Ihre eigene Seite bei {clinic}, bis {until}: {link}",
    Kind.QUESTIONS: "{name}, einige Fragen von {clinic} vor Ihrem Termin: {link}",
    Kind.DIARY: "{name}, Ihre Seite für Notizen bei {clinic}, bis {until}: {link}",
    Kind.INVOICE: "{name}, bei {clinic} liegt eine Rechnung für Sie. Bitte fragen Sie uns danach[: {phone}]. Ende: "
    "STOP",
    Kind.INVOICE_OVERDUE: "{name}, bei {clinic} ist noch eine Rechnung offen. Bitte melden Sie sich[: {phone}]. "
    "Ende: STOP",
    Kind.REPLY_CONFIRMED: "Vielen Dank[, {name}]. {clinic} erwartet Sie[: {when}].",
    Kind.REPLY_OTHER_TIME: "Vielen Dank[, {name}]. {clinic} meldet sich wegen einer anderen Zeit. Bis dahin bleibt "
    "der Termin bestehen.",
    Kind.REPLY_NO_VISIT: "{clinic}: Zu dieser Nummer finden wir keinen Termin. Bitte melden Sie sich[: {phone}].",
    Kind.REPLY_PASSED_ON: "Vielen Dank. Jemand bei {clinic} wird das lesen.[ Wenn es eilt: {phone}.]",
    Kind.REPLY_HELP: "{clinic}: C bestätigt Ihren nächsten Termin, R bittet um eine andere Zeit, STOP beendet diese "
    "Nachrichten.[ Tel. {phone}.]",
    Kind.REPLY_STOPPED: "{clinic}: Sie bekommen keine SMS mehr von uns. Ihre Termine bleiben bestehen. START "
    "schaltet sie wieder ein.",
    Kind.REPLY_STARTED: "{clinic}: Sie bekommen wieder SMS von uns. STOP beendet sie.",
}  # fmt: skip

GERMAN = Speech(
    code="de",
    name="Deutsch",
    days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    short_days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    months=(
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
        "Dezember",
    ),
    short_months=("1.", "2.", "3.", "4.", "5.", "6.", "7.", "8.", "9.", "10.", "11.", "12."),
    long="{day_name}, {d}. {month} {year}, {hour} Uhr ({zone})",
    short="{day_name} {d}.{month}, {hour} Uhr",
    day="{d}. {month} {year}",
    hour="{h}:{mm}",
    full_hour="{h}:{mm}",
    short_hour="{h}:{mm}",
    short_full_hour="{h}",
    money="{amount} {symbol}",
    thousands=".",
    decimals=",",
    line_for="{who}: {when}",
    moved="Statt {was} jetzt {now}.",
    off="{was}: Dieser Termin kann nicht stattfinden.",
    same_time="{was}: Die Zeit bleibt, aber jemand anders aus unserem Team ist für Sie da.",
    more="und {count} weitere.",
    last_and=" und ",
    nameless="die Praxis",
    fallback="Oder öffnen Sie diese Adresse:",
    labels={
        "": "Öffnen",
        "visit": "Meinen Termin öffnen",
        "visits": "Meine Termine öffnen",
        "waitlist": "Den Termin ansehen",
        "measures": "Die Fragen beantworten",
        "spasm_diary": "Meine Seite öffnen",
        "home": "Meine Seite öffnen",
        "password": "Ein Passwort wählen",
    },
    mails=MAILS,
    texts=TEXTS,
    telling=frozenset({
        "massage", "massagen", "physiotherapie", "physiotherapeut", "physiotherapeutin", "krankengymnastik", "physio",
        "therapie", "therapeut", "therapeutin", "behandlung", "behandlungen", "triggerpunkt", "akupunktur",
        "osteopathie", "manuelle therapie", "lymphdrainage", "reha", "übung", "übungen", "operation", "spritze",
        "rücken", "rückenschmerzen", "nacken", "hals", "schulter", "schultern", "ellenbogen", "handgelenk", "hüfte",
        "knie", "knöchel", "wirbelsäule", "becken", "beckenboden", "oberschenkel", "wade", "gesäß", "leiste", "bauch",
        "brust", "kiefer", "lendenwirbel", "muskel", "muskeln", "gelenk", "gelenke", "nerv", "ischias",
        "schmerz", "schmerzen", "verspannung", "verspannungen", "krampf", "krämpfe", "verletzung", "diagnose",
        "krankheit", "erkrankung", "beschwerden", "symptom", "symptome", "arthrose", "bandscheibe",
        "bandscheibenvorfall", "bruch", "zerrung", "skoliose", "fibromyalgie", "entzündung", "depression",
        "schwangerschaft", "krebs",
        "medikament", "medikamente", "arznei", "arzneimittel", "dosis", "tablette", "tabletten", "ibuprofen",
        "naproxen", "diclofenac", "paracetamol", "aspirin", "methocarbamol", "tizanidin", "baclofen", "diazepam",
        "opioid", "tramadol", "prednison", "gabapentin", "pregabalin", "cortison", "botox",
        "betrag", "saldo", "schulden", "kontostand", "zuzahlung", "euro",
    }),
)  # fmt: skip
