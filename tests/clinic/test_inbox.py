"""The inbox of one machine: mails and telephones, with nothing of the clinic's own way left out."""

from __future__ import annotations

import threading
import time as machine
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
import time_machine
from django.test import Client, override_settings
from django.urls import clear_url_caches, reverse, set_urlconf

from clinic import inbox_phones, sms, twilio
from clinic.inbox_phones import Text
from clinic.outgoing import Envelope, Refused, Sought
from tests.factories.scheduling import NOW

ANA = "+12075550142"
SECRET = "s3cret"


class Clinic:
    """The other end: a server that keeps what it is told, and refuses what is not signed."""

    def __init__(self) -> None:
        told, outer = [], self
        self.told: list[tuple[str, dict[str, str]]] = told
        self.unsigned = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
                url = f"http://127.0.0.1:{outer.port}{self.path}"
                if not twilio.is_signed(url, said, SECRET, self.headers[twilio.SIGNATURE_HEADER]):
                    outer.unsigned += 1
                told.append((self.path, {name: values[0] for name, values in said.items()}))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def wait_for(self, count: int) -> list[tuple[str, dict[str, str]]]:
        until = machine.monotonic() + 10
        while len(self.told) < count and machine.monotonic() < until:
            machine.sleep(0.02)
        return self.told


@pytest.fixture
def clinic():
    other_end = Clinic()
    yield other_end
    other_end.server.shutdown()
    other_end.server.server_close()


@pytest.fixture
def exchange(clinic, tmp_path, monkeypatch, settings):
    """The exchange on a free port, and the account by which our own driver speaks with it."""
    monkeypatch.setattr(inbox_phones, "ON_ITS_WAY", 0.02)
    account = twilio.account(f"twilio+http://AC1:{SECRET}@127.0.0.1:0/+12075550100")
    server = inbox_phones.serve(tmp_path, account, f"http://127.0.0.1:{clinic.port}/hooks/sms/in/")
    url = f"twilio+http://AC1:{SECRET}@127.0.0.1:{server.server_address[1]}/+12075550100"
    settings.PUBLIC_URL = f"http://127.0.0.1:{clinic.port}"
    settings.SMS_URL = url
    yield twilio.account(url)
    server.shutdown()
    server.server_close()


@pytest.fixture
def line(exchange, settings):
    channel = sms.open_channel(settings.SMS_URL)
    yield channel
    channel.close()


def send(line, text: str = "see you", to: str = ANA, uid: str = "") -> str:
    line.stage(
        Envelope(
            message_id=uid or str(uuid.uuid4()),
            to_name="",
            to_address=to,
            sender_name="",
            title="",
            text=text,
            html="",
            language="en",
            at=NOW,
        )
    )
    return line.hand_over()


def test_what_our_driver_sends_lies_in_the_folder_and_the_clinic_hears_that_it_arrived(line, clinic, tmp_path):
    uid = str(uuid.uuid4())
    sid = send(line, "see you\nat ten", uid=uid)
    told = clinic.wait_for(2)
    assert [path for path, _ in told] == [f"/hooks/sms/status/{uid}/"] * 2
    assert [said["MessageStatus"] for _, said in told] == ["sent", "delivered"]
    assert {said["MessageSid"] for _, said in told} == {sid}
    assert clinic.unsigned == 0
    (text,) = inbox_phones.newest(tmp_path)
    assert (text.phone, text.body, text.status, text.from_patient) == (ANA, "see you\nat ten", "delivered", False)


def test_what_a_patient_writes_reaches_the_clinic_signed(exchange, clinic, tmp_path):
    assert inbox_phones.write(exchange, ANA, "I am late & sorry = 🙂")
    ((path, said),) = clinic.wait_for(1)
    assert path == "/hooks/sms/in/"
    assert (said["From"], said["To"], said["Body"]) == (ANA, "+12075550100", "I am late & sorry = 🙂")
    assert clinic.unsigned == 0
    assert inbox_phones.newest(tmp_path)[0].from_patient


def test_a_telephone_that_said_stop_takes_no_more_until_start(line, exchange, tmp_path):
    inbox_phones.write(exchange, ANA, "Stop.")
    with pytest.raises(Refused) as refusal:
        send(line)
    assert refusal.value.reason == "opted_out"
    send(line, to="+12075550143")
    inbox_phones.write(exchange, ANA, "START")
    send(line)
    own = [text.body for text in inbox_phones.newest(tmp_path) if text.by_provider]
    assert own == [inbox_phones.STARTED, inbox_phones.STOPPED]


def test_it_remembers_who_said_stop_when_it_starts_again(exchange, tmp_path, clinic):
    inbox_phones.write(exchange, ANA, "STOP")
    again = inbox_phones.Phones(tmp_path, exchange, "")
    assert again.take(ANA, "x", "")[0] == 400
    assert again.take("+12075550143", "x", "")[0] == 201


def test_what_became_of_a_message_can_be_looked_up(line):
    sid = send(line, "one")
    assert line.look_up(Sought(ANA, NOW, lambda body: body == "one")) == sid
    assert line.look_up(Sought(ANA, NOW, lambda body: body == "two")) == ""


def test_nobody_is_let_in_without_the_secret(exchange, line, settings):
    wrong = sms.open_channel(settings.SMS_URL.replace(SECRET, "another"))
    with pytest.raises(Refused):
        send(wrong)
    assert not inbox_phones.write(twilio.account(settings.SMS_URL.replace(SECRET, "another")), ANA, "x")


def test_of_many_texts_the_newest_are_kept(tmp_path, exchange, monkeypatch):
    monkeypatch.setattr(inbox_phones, "KEPT", 5)
    for number in range(8):
        inbox_phones.write(exchange, ANA, f"words {number}")
    assert [text.body for text in inbox_phones.newest(tmp_path)] == [f"words {n}" for n in (7, 6, 5, 4, 3)]


def test_a_file_that_is_no_text_is_passed_over(tmp_path):
    (tmp_path / "00000000000000001.json").write_text("{")
    (tmp_path / "00000000000000002.json").write_text('{"odd": 1}')
    assert inbox_phones.newest(tmp_path) == []


def test_a_telephone_is_not_named_in_addresses():
    text = Text("SM1", 1, ANA, "+12075550100", "x", from_patient=False)
    assert ANA[1:] not in text.key
    assert text.key == inbox_phones.key_of(ANA)


# -- The pages -------------------------------------------------------------------------------------------


@pytest.fixture
def pages(exchange, tmp_path, db):
    """The inbox's pages, which exist only beside a local inbox."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "texts").symlink_to(tmp_path, target_is_directory=True)
    with (
        override_settings(INBOX_DIR=str(tmp_path / "inbox"), INBOX_PHONES=True, ROOT_URLCONF="tests.clinic.inbox_urls"),
        time_machine.travel(NOW, tick=False),
    ):
        clear_url_caches()
        yield Client()
    set_urlconf(None)
    clear_url_caches()


def test_the_page_shows_telephones_beside_mails_and_a_word_goes_at_a_press(pages, line, clinic):
    send(line, "see you")
    clinic.wait_for(2)
    page = pages.get(reverse("inbox")).content.decode()
    assert "(207) 555-0142" in page
    assert "see you" in page
    where = reverse("inbox_phone", args=[inbox_phones.key_of(ANA)])
    assert "delivered" in pages.get(where).content.decode()
    assert pages.post(where, {"text": "C"}).status_code == 303
    assert clinic.wait_for(3)[-1][1]["Body"] == "C"
    assert "· you" in pages.get(where).content.decode()


def test_nothing_is_no_message_and_says_so(pages, line, clinic):
    send(line)
    where = reverse("inbox_phone", args=[inbox_phones.key_of(ANA)])
    answer = pages.post(where, {"text": "  "})
    assert answer.status_code == 422
    assert "Write something first." in answer.content.decode()


def test_any_number_can_write(pages, clinic):
    pages.post(reverse("inbox_new_number"), {"number": "(212) 555-0177", "text": "Are you open?"})
    assert clinic.wait_for(1)[0][1]["From"] == "+12125550177"
    page = pages.post(reverse("inbox_new_number"), {"number": "12", "text": ""}, follow=True).content.decode()
    assert "too few" in page
    assert "Write something first." in page


def test_a_telephone_that_nobody_wrote_to_is_not_there(pages):
    assert pages.get(reverse("inbox_phone", args=["0" * 16])).status_code == 404


def test_what_is_written_is_text_and_nothing_else(pages, exchange, clinic):
    inbox_phones.write(exchange, ANA, "<script>alert(1)</script>")
    clinic.wait_for(1)
    page = pages.get(reverse("inbox_phone", args=[inbox_phones.key_of(ANA)])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
