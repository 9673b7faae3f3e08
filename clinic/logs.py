"""Logs say what happened, never to whom."""

from __future__ import annotations

import logging
import re

#: A token in a path (/v/<token>/, /calendar/<secret>.ics, /unsubscribe/<token>/), and anything that looks like an
#: address or a number to ring.
_TOKEN = re.compile(r"/(v|password/choose|calendar|unsubscribe)/[A-Za-z0-9_%.~-]{8,}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"\+\d{7,15}")
#: PostgreSQL quotes the offending row and value below these words.
_DETAIL = re.compile(r"(DETAIL|CONTEXT|QUERY):.*", re.DOTALL)


def discreet(text: str) -> str:
    """The text without tokens, addresses, phone numbers and quoted rows."""
    text = _TOKEN.sub(r"/\1/…", text)
    text = _EMAIL.sub("…@…", text)
    text = _PHONE.sub("+…", text)
    return _DETAIL.sub(r"\1: …", text)


class Discreet(logging.Filter):
    """Scrubs a record before it is written; of an exception the kind and the place remain."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = discreet(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = discreet(logging.Formatter().formatException(record.exc_info))
        return True


class AnsweredPolitely(logging.Filter):
    """Leaves out refusals that the page explains (409, 422): at a busy desk they are everyday answers, not news."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) not in (409, 422)
