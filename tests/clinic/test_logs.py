"""What the operator reads: what went wrong, and nobody's name."""

from __future__ import annotations

import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response


@pytest.mark.parametrize(("status", "is_written"), [(403, True), (409, False), (422, False), (500, True)])
def test_a_refusal_that_the_page_explains_is_no_news_and_a_fault_is(
    caplog: pytest.LogCaptureFixture, status: int, is_written: bool
) -> None:
    with caplog.at_level(logging.WARNING, logger="django.request"):
        log_response(
            "%s",
            "what was said",
            response=HttpResponse(status=status),
            request=RequestFactory().post("/book/"),
        )
    assert ("what was said" in caplog.text) is is_written
