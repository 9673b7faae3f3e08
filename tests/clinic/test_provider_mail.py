"""Mail through a provider's own interface: what each of its answers means. Promise P2."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from clinic import channels, messaging
from clinic.messaging_states import Reason, State
from clinic.models import OutboundMessage
from tests.factories.messages import a_message
from tests.factories.people import a_clinic

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


class Postmark:
    """A server that speaks as much of Postmark's interface as sending needs."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.how = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.how == "close before":
                    return self.connection.close()
                if outer.how == "hang":
                    return time.sleep(1.5)
                status = int(outer.how) if outer.how.isdecimal() else 200
                if status == 200:
                    outer.taken.append(said)
                if outer.how == "close after":
                    return self.connection.close()
                answer = {"To": said["To"], "MessageID": f"pm-{len(outer.taken)}", "ErrorCode": 0, "Message": "OK"}
                if status != 200:
                    answer = {"ErrorCode": 300 if status == 422 else 10, "Message": "no"}
                content = b"<html>" if outer.how == "garbage" else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return None

            def log_message(self, *_: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A line that broke is what was asked for."""

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def provider(settings):
    server = Postmark()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "x", "POSTMARK_API_URL": server.url, "WEBHOOK_SECRET": "a:b", "REQUESTS_TIMEOUT": 0.5,
    }  # fmt: skip
    a_clinic()
    yield server
    server.stop()


def sent() -> OutboundMessage:
    message = a_message(now=NOW)
    messaging.deliver_due(now=NOW)
    return OutboundMessage.objects.get(pk=message.pk)


def test_a_mail_goes_with_our_uid_and_the_way_to_unsubscribe_and_comes_back_with_the_providers_id(provider):
    message = sent()
    (mail,) = provider.taken
    assert (message.state, message.provider_id) == (State.ACCEPTED, "pm-1")
    assert mail["Metadata"] == {"tonus_message": str(message.uid)}
    headers = {header["Name"]: header["Value"] for header in mail["Headers"]}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/v/" in mail["TextBody"]


@pytest.mark.parametrize(
    ("how", "state", "reason"),
    [
        ("401", State.PLANNED, ""),
        ("429", State.PLANNED, ""),
        ("413", State.FAILED, Reason.REFUSED),
        ("422", State.FAILED, Reason.REFUSED),
        ("500", State.UNKNOWN, Reason.CONNECTION_LOST),
        ("503", State.UNKNOWN, Reason.CONNECTION_LOST),
        ("close before", State.UNKNOWN, Reason.CONNECTION_LOST),
        ("close after", State.UNKNOWN, Reason.CONNECTION_LOST),
        ("garbage", State.UNKNOWN, Reason.CONNECTION_LOST),
        ("hang", State.UNKNOWN, Reason.CONNECTION_LOST),
    ],
)
def test_each_answer_is_told_apart_and_nothing_goes_twice(provider, how, state, reason):
    provider.how = how
    message = sent()
    assert (message.state, message.reason) == (state, reason)
    provider.how = ""
    messaging.sweep(now=NOW)
    messaging.deliver_due(now=NOW)
    assert len(provider.taken) <= 1


def test_a_provider_that_is_away_has_nothing(provider):
    provider.stop()
    message = sent()
    assert (message.state, message.detail) == (State.PLANNED, "no connection")


def test_a_provider_cannot_be_asked_for_a_mail(provider):
    with pytest.raises(channels.Uncertain):
        channels.open_channels()["email"].look_up(channels.Sought("ana@patients.example", NOW, lambda _: True))
