"""Français tel que livré avec Tonus : vous, chaleureux et bref. French as Tonus comes, in the formal address.

Before a colon or question mark of a mail stands a space that does not break; in a text message an ordinary one, as the
other would make it dearer. So would ç, ê, û and œ: they are avoided there.
"""

from __future__ import annotations

from clinic.wording.kinds import Kind
from clinic.wording.speech import Speech

_HELLO = "Bonjour {name},\n\n"
_SIGNED = "\n\nBien cordialement,\n{clinic}"
_CALL_TOO = "[ Vous pouvez aussi appeler le {phone}.]"
_ONCE = "Ce lien vous est réservé et ne fonctionne qu’une fois." + _CALL_TOO + _SIGNED
_ANSWER = "\n\nMerci de confirmer, ou de nous dire que vous ne pouvez pas venir\u00a0:\n\n{link}\n\n" + _ONCE
_ANSWER_FIRST = (
    "\n\nMerci de confirmer le premier, ou de nous dire que vous ne pouvez pas venir\u00a0:\n\n{link}\n\n" + _ONCE
)
_ANSWER_EACH = (
    "\n\nMerci de confirmer chacun d’eux, ou de nous dire que vous ne pouvez pas venir\u00a0:\n\n{link}\n\nCe lien "
    "vous est réservé." + _CALL_TOO + _SIGNED
)
_SORRY = (
    "\n\nNous en sommes désolés. N’hésitez pas à nous contacter pour trouver un autre moment[\u00a0: {phone}]."
    + _SIGNED
)
_CALL = "N’hésitez pas à nous contacter pour trouver un moment qui vous convient[\u00a0: {phone}]."

MAILS = {
    Kind.VISIT_BOOKED: (
        "Votre rendez-vous est réservé",
        _HELLO + "Votre rendez-vous chez {clinic} est réservé\u00a0:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_BOOKED: (
        "Vos rendez-vous sont réservés",
        _HELLO + "Vos rendez-vous chez {clinic} sont réservés\u00a0:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.SERIES_BOOKED: (
        "Vos rendez-vous sont réservés",
        _HELLO + "Vos rendez-vous chez {clinic} sont réservés\u00a0:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_REMINDER: (
        "Rappel de votre rendez-vous",
        _HELLO + "Nous vous rappelons votre rendez-vous chez {clinic}\u00a0:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_REMINDER: (
        "Rappel de vos rendez-vous",
        _HELLO + "Nous vous rappelons vos rendez-vous chez {clinic}\u00a0:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.FAMILY_REMINDER: (
        "Rappel de vos rendez-vous",
        "Bonjour {names},\n\nNous vous rappelons vos rendez-vous chez {clinic}\u00a0:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.VISIT_MOVED: (
        "Votre rendez-vous a un nouvel horaire",
        _HELLO + "Votre rendez-vous chez {clinic} a un nouvel horaire\u00a0:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISIT_CHANGED: (
        "Votre rendez-vous a changé",
        _HELLO + "Chez {clinic}, nous avons dû modifier un rendez-vous\u00a0:\n\n{lines}" + _ANSWER,
    ),
    Kind.VISITS_CHANGED: (
        "Vos rendez-vous ont changé",
        _HELLO + "Chez {clinic}, nous avons dû modifier vos rendez-vous\u00a0:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_CANCELLED: (
        "Votre rendez-vous ne peut pas avoir lieu",
        _HELLO + "Chez {clinic}, nous ne pouvons pas maintenir votre rendez-vous\u00a0:\n\n{lines}" + _SORRY,
    ),
    Kind.VISITS_CANCELLED: (
        "Vos rendez-vous ne peuvent pas avoir lieu",
        _HELLO + "Chez {clinic}, nous ne pouvons pas maintenir vos rendez-vous\u00a0:\n\n{lines}" + _SORRY,
    ),
    Kind.WAITLIST_OFFER: (
        "Un horaire s’est libéré pour vous",
        _HELLO + "Un horaire s’est libéré chez {clinic}\u00a0:\n\n{when}[\n{place}][\n\nIl remplacerait votre "
        "rendez-vous du {instead}.]\n\nNous vous le gardons jusqu’au {until}. S’il vous convient, prenez-le "
        "ici\u00a0; sinon, dites-le-nous et quelqu’un d’autre pourra en profiter\u00a0:\n\n{link}\n\nSi vous ne "
        "faites rien, il sera proposé à quelqu’un d’autre, et vous restez sur notre liste. Ce "
        "lien vous est réservé." + _CALL_TOO + _SIGNED,
    ),
    Kind.RECALL: (
        "Prenons votre prochain rendez-vous",
        _HELLO + "Votre prochain rendez-vous chez {clinic} n’est pas encore réservé, et nous serions heureux de vous "
        "revoir.\n\n" + _CALL + " Si vous préférez attendre, vous n’avez rien à faire." + _SIGNED,
    ),
    Kind.PLAN_REVIEW: (
        "Le moment de faire le point",
        _HELLO + "Il est temps de regarder ensemble le chemin parcouru et la suite.\n\n" + _CALL
        + " Si un rendez-vous est déjà réservé, nous le ferons à cette occasion." + _SIGNED,
    ),
    Kind.EXERCISE_NUDGE: (
        "Où en êtes-vous\u00a0?",
        _HELLO + "Rien de nouveau sur votre page depuis quelques jours. Un peu, souvent, c’est ce qui aide le "
        "plus\u00a0; et si quelque chose vous en empêche, dites-le-nous pour que nous puissions le "
        "changer.\n\n{link}\n\nCe lien vous est réservé." + _CALL_TOO + _SIGNED,
    ),
    Kind.HOME_PROGRAMME: (
        "Votre page personnelle",
        _HELLO + "Voici votre page personnelle chez {clinic}. Merci de conserver ce message\u00a0:\n\n{link}\n\nCe "
        "lien vous est réservé. Il fonctionne jusqu’au {until}." + _SIGNED,
    ),
    Kind.QUESTIONS: (
        "Quelques questions avant votre rendez-vous",
        _HELLO + "Avant votre prochain rendez-vous, nous aimerions vous poser quelques "
        "questions\u00a0:\n\n{link}\n\nCe lien vous est réservé et ne fonctionne qu’une fois, jusqu’au "
        "{until}." + _SIGNED,
    ),
    Kind.DIARY: (
        "Votre page de notes",
        _HELLO + "Voici votre page pour de courtes notes entre les rendez-vous. Merci de conserver ce "
        "message\u00a0:\n\n{link}\n\nCe lien vous est réservé. Il fonctionne jusqu’au {until}." + _SIGNED,
    ),
    Kind.INVOICE: (
        "Votre facture de {clinic}",
        _HELLO + "Votre facture {number} s’élève à {amount}.[ Merci de la régler au plus tard le {due}.]\n\nSi un "
        "point n’est pas clair, n’hésitez pas à nous contacter[\u00a0: {phone}]." + _SIGNED,
    ),
    Kind.INVOICE_OVERDUE: (
        "Rappel de votre facture",
        _HELLO + "Il reste {amount} à régler sur la facture {number}[, qui était due le {due}]. C’est peut-être un "
        "simple oubli.\n\nSi vous avez payé entre-temps, ne tenez pas compte de ce message. Si vous préférez régler "
        "en plusieurs fois, ou si un point n’est pas clair, n’hésitez pas à nous contacter[\u00a0: {phone}]." + _SIGNED,
    ),
}  # fmt: skip

_OFTEN = " {link} Fin : STOP"
TEXTS = {
    Kind.VISIT_BOOKED: "{name}, réservé : {clinic}, {when}. Confirmer/changer :" + _OFTEN,
    Kind.VISITS_BOOKED: "{name}, réservé : {clinic}\n{lines}\nConfirmer/changer :" + _OFTEN,
    Kind.SERIES_BOOKED: "{name}, réservé : {clinic}\n{lines}\nConfirmer le premier/changer :" + _OFTEN,
    Kind.VISIT_REMINDER: "{name}, rappel : {clinic}, {when}. Confirmer/changer :" + _OFTEN,
    Kind.VISITS_REMINDER: "{name}, rappel : {clinic}\n{lines}\nConfirmer/changer :" + _OFTEN,
    Kind.FAMILY_REMINDER: "Vos rendez-vous ({clinic}) :\n{lines}\nConfirmer/changer :" + _OFTEN,
    Kind.VISIT_MOVED: "{name}, déplacé : {clinic}, {when}. Confirmer/changer :" + _OFTEN,
    Kind.VISIT_CHANGED: "{name}, votre rendez-vous ({clinic}) a changé. {lines} Confirmer/changer : {link}",
    Kind.VISITS_CHANGED: "{name}, vos rendez-vous ({clinic}) ont changé :\n{lines}\nConfirmer le premier/changer : "
    "{link}",
    Kind.VISIT_CANCELLED: "{name}, nous sommes désolés ({clinic}). {lines} Contactez-nous pour un autre moment[ : "
    "{phone}].",
    Kind.VISITS_CANCELLED: "{name}, nous sommes désolés ({clinic}).\n{lines}\nContactez-nous pour d'autres moments[ "
    ": {phone}].",
    Kind.WAITLIST_OFFER: "{name}, un horaire est libre ({clinic}) : {when}[ (au lieu de {instead})]. Il est à vous "
    "jusqu'au {until} : {link}",
    Kind.RECALL: "{name}, votre prochain rendez-vous ({clinic}) n'est pas encore pris. Prenons-le ?[ Tél. {phone}.] "
    "Fin : STOP",
    Kind.PLAN_REVIEW: "{name}, il est temps de faire le point ({clinic}). Prenons rendez-vous ?[ Tél. {phone}.] "
    "Fin : STOP",
    Kind.EXERCISE_NUDGE: "{name}, tout va bien ? Votre page ({clinic}) :" + _OFTEN,
    Kind.HOME_PROGRAMME: "{name}, votre page personnelle ({clinic}), jusqu'au {until} : {link}",
    Kind.QUESTIONS: "{name}, quelques questions ({clinic}) avant votre rendez-vous : {link}",
    Kind.DIARY: "{name}, votre page de notes ({clinic}), jusqu'au {until} : {link}",
    Kind.INVOICE: "{name}, une facture vous attend ({clinic}). Merci de nous la demander[ : {phone}]. Fin : STOP",
    Kind.INVOICE_OVERDUE: "{name}, une facture reste ouverte ({clinic}). Merci de nous contacter[ : {phone}]. Fin : "
    "STOP",
    Kind.REPLY_CONFIRMED: "Merci[, {name}]. Nous vous attendons ({clinic})[ : {when}].",
    Kind.REPLY_OTHER_TIME: "Merci[, {name}]. {clinic} vous contactera pour un autre horaire. D'ici là, votre "
    "rendez-vous est maintenu.",
    Kind.REPLY_NO_VISIT: "{clinic} : aucun rendez-vous trouvé pour ce numéro. Merci de nous contacter[ : {phone}].",
    Kind.REPLY_PASSED_ON: "Merci. Une personne de {clinic} va lire votre message.[ Si c'est urgent : {phone}.]",
    Kind.REPLY_HELP: "{clinic} : C confirme votre rendez-vous, R demande un autre horaire, STOP met fin aux SMS.[ "
    "Tél. {phone}.]",
    Kind.REPLY_STOPPED: "{clinic} : vous ne recevrez plus nos SMS. Vos rendez-vous sont maintenus. START pour les "
    "recevoir à nouveau.",
    Kind.REPLY_STARTED: "{clinic} : vous recevez à nouveau nos SMS. STOP pour y mettre fin.",
}  # fmt: skip

FRENCH = Speech(
    code="fr",
    name="Français",
    days=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    short_days=("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
    # Without the circumflex, as the spelling of 1990 allows: û would make a text message dearer.
    short_months=("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "aout", "sept.", "oct.", "nov.", "déc."),
    long="{day_name} {d} {month} {year} à {hour} ({zone})",
    short="{day_name} {d} {month} à {hour}",
    day="{d} {month} {year}",
    hour="{h}\u00a0h\u00a0{mm}",
    full_hour="{h}\u00a0h",
    short_hour="{h}h{mm}",
    short_full_hour="{h}h",
    money="{amount}\u00a0{symbol}",
    thousands="\u202f",
    decimals=",",
    line_for="{who} : {when}",
    moved="Au lieu de {was}, désormais {now}.",
    off="{was} : ce rendez-vous ne peut pas avoir lieu.",
    same_time="{was} : l'horaire reste le même, avec une autre personne de notre équipe.",
    more="et {count} de plus.",
    last_and=" et ",
    nameless="le cabinet",
    fallback="Ou ouvrez cette adresse\u00a0:",
    labels={
        "": "Ouvrir",
        "visit": "Ouvrir mon rendez-vous",
        "visits": "Ouvrir mes rendez-vous",
        "waitlist": "Voir l’horaire",
        "measures": "Répondre aux questions",
        "spasm_diary": "Ouvrir ma page",
        "home": "Ouvrir ma page",
        "password": "Choisir un mot de passe",
    },
    mails=MAILS,
    texts=TEXTS,
    first="1er",
    telling=frozenset({
        "massage", "massages", "kinésithérapie", "kinésithérapeute", "kiné", "physiothérapie", "physiothérapeute",
        "thérapie", "thérapeute", "traitement", "traitements", "rééducation", "acupuncture",
        "ostéopathie", "drainage lymphatique", "thérapie manuelle", "exercice", "exercices", "opération", "chirurgie",
        "piqûre", "injection",
        "votre dos", "mal de dos", "le dos", "nuque", "cou", "épaule", "épaules", "coude", "poignet", "hanche",
        "hanches", "genou", "genoux", "cheville", "colonne", "bassin", "pelvien", "périnée", "cuisse", "mollet",
        "fesse", "aine", "abdomen", "ventre", "poitrine", "mâchoire", "lombaire", "lombaires", "muscle", "muscles",
        "articulation", "articulations", "nerf", "sciatique",
        "douleur", "douleurs", "spasme", "spasmes", "crampe", "blessure", "diagnostic", "maladie", "symptôme",
        "symptômes", "arthrite", "arthrose", "hernie", "fracture", "entorse", "contracture", "scoliose",
        "fibromyalgie", "inflammation", "dépression", "grossesse", "cancer",
        "médicament", "médicaments", "dose", "comprimé", "comprimés", "ibuprofène", "naproxène", "diclofénac",
        "paracétamol", "aspirine", "méthocarbamol", "tizanidine", "baclofène", "diazépam", "opioïde", "tramadol",
        "prednisone", "gabapentine", "prégabaline", "cortisone", "botox",
        "montant", "solde", "dette", "euros", "dollars", "reste à charge",
    }),
)  # fmt: skip
