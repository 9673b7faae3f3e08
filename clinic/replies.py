"""What a text message from a patient asks for: a few words of four languages, and whatever only a person can answer.

The words that end text messages are those of 47 CFR 64.1200(a)(10) and of the carriers, with what people say in the
other languages. CANCEL is one of them, as carriers see it; so nobody is asked to answer with it, and who does so may
mean the visit. YES confirms nothing: to carriers it means that messages may begin again.
"""

from __future__ import annotations

import re
import unicodedata

from clinic.models import Meaning

_STOP = """
stop, stopall, stop all, quit, end, revoke, opt out, optout, unsubscribe, remove, remove me, please stop, stop please,
stop texting, stop texting me, stop text, stop texts, stop messages, stop messaging me, no more texts, no more messages,
do not text me, dont text me, do not text, dont text, leave me alone,
alto, parar, pare, paren, basta, baja, darse de baja, no mas, no mas mensajes, detener, no enviar, no envien mas,
stopp, ende, aufhoren, abmelden, abbestellen, austragen, keine sms, keine sms mehr, keine nachrichten mehr,
arret, arreter, arretez, desabonner, desabonnement, desinscrire, desinscription, fin, plus de messages, plus de sms
"""
#: To carriers CANCEL is STOP; to a patient it may be the visit.
_CANCEL = """
cancel, cancel visit, cancel my visit, cancel appointment, cancel my appointment, cancelled,
cancelar, cancelar cita, cancelar mi cita, anular, anular cita,
absagen, stornieren, termin absagen, storno,
annuler, annulation, annuler rendez vous, annuler mon rendez vous, annuler rdv
"""
_START = "start, unstop, empezar, iniciar, starten, reprendre"
_HELP = "help, info, ?, ayuda, informacion, hilfe, aide"
_CONFIRM = """
c, confirm, confirmed, i confirm, confirmo, confirmar, confirmado, confirmada,
bestatigen, bestatige, bestatigt, ich bestatige, confirme, confirmer, je confirme
"""
_MOVE = """
r, reschedule, other time, another time, otra hora, reprogramar, cambiar, cambiar cita,
verschieben, andere zeit, anderer termin, umbuchen, reporter, autre heure, deplacer, autre rendez vous
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()) for word in text.replace("\n", " ").split(",") if word.strip())


_MEANINGS = {
    Meaning.STOP: _words(_STOP),
    Meaning.CANCEL: _words(_CANCEL),
    Meaning.START: _words(_START),
    Meaning.HELP: _words(_HELP),
    Meaning.CONFIRM: _words(_CONFIRM),
    Meaning.MOVE: _words(_MOVE),
}
_BY_WORDS = {words: meaning for meaning, said in _MEANINGS.items() for words in said}


def meaning_of(text: str) -> Meaning:
    """The whole message must be one of the words; capitals, accents, stops and quotation marks count for nothing."""
    return _BY_WORDS.get(plain(text), Meaning.WORDS)


def plain(text: str) -> str:
    """ "«¡No más!»" is "no mas"; a lone question mark stays one."""
    if text.strip() in ("?", "??"):
        return "?"
    bare = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss").replace("'", "").replace("’", ""))
    letters = "".join(char for char in bare if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w]+", " ", letters).replace("_", " ").split())
