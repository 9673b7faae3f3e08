"""What the operator reads when the database cannot be made ready."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from clinic.models import User
from tests.access.test_sessions_and_records import no_record_can_be_written
from treatments import diagnoses
from treatments.models import DiagnosisRelease

pytestmark = pytest.mark.django_db


@pytest.fixture
def almost_ready(settings: Any, tmp_path: Path) -> Path:
    """All but the demo is there."""
    settings.DEMO, settings.DATA_DIR, settings.STATIC_ROOT = True, tmp_path, tmp_path / "static"
    DiagnosisRelease.objects.create(
        version=diagnoses.VERSION, effective_on="2026-04-01", loaded_at="2026-04-01T00:00Z", codes=0
    )
    return tmp_path


def test_a_demo_that_cannot_be_made_is_one_sentence_and_the_rest_is_in_the_log(almost_ready: Path) -> None:
    with no_record_can_be_written(), transaction.atomic():
        with pytest.raises(CommandError) as refused:
            call_command("prepare", stdout=(almost_ready / "said").open("w"))
        transaction.set_rollback(True)
    log = almost_ready / "log" / "prepare.log"
    said = str(refused.value)
    assert said.startswith("“Demo clinic” did not work (CannotRecord: ")
    assert said.endswith(f"nothing of it was kept. All of it is in {log}.")
    assert "\n" not in said
    assert "Traceback" in log.read_text()
    assert refused.value.returncode == 1
    assert not User.objects.exists()
