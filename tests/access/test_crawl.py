"""Promise: by links alone everyone reaches only what the matrix knows, and no page that is missing or broken."""

from __future__ import annotations

import pytest

from tests.access.crawl import MOST, Crawl
from tests.access.machinery import Matrix, told

pytestmark = pytest.mark.django_db

ROLES = ["front desk", "therapist of A", "owner", "therapist of neither"]


@pytest.mark.parametrize("label", [ROLES[0], *(pytest.param(one, marks=pytest.mark.long) for one in ROLES[1:3])])
def test_every_link_leads_to_a_page_of_the_matrix_that_opens(matrix: Matrix, label: str):
    crawl = Crawl(matrix, matrix.actor(label))
    found = crawl.run()
    assert not found, told(found)
    assert len(crawl.reached) > 15, f"only {sorted(crawl.reached)} were reached"


@pytest.mark.long
@pytest.mark.parametrize("label", ROLES)
def test_five_thousand_pages_by_links_alone_are_all_known_and_open(matrix: Matrix, label: str):
    crawl = Crawl(matrix, matrix.actor(label), each=MOST)
    found = crawl.run()
    assert not found, told(found)
