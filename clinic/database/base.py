"""Django's PostgreSQL backend, which asks whether a kept connection still stands without a word to the server.

A connection is kept from one request to the next, and looked at before it is used again. Django asks `SELECT 1`: a
whole round trip on every request. The socket knows already: a server that was restarted, or that ended the connection,
has said so, and there is something to read where an idle connection has nothing. See docs/adr/0076.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether the connection can be used; only when the socket stirs is the server itself asked."""
        if self.connection is None:
            return False
        if self.connection.closed or self.connection.info.transaction_status is not TransactionStatus.IDLE:
            return bool(super().is_usable())
        stirs = select.poll()
        stirs.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
        return not stirs.poll(0) or bool(super().is_usable())
