"""Real PostgreSQL for every test: a cluster of its own for this run, and the application's role inside it.

The tables are made by a superuser and the tests run as `tonus_app`, which owns none of them: what the grants
refuse in a clinic they refuse here. `TONUS_TEST_DATABASE_URL` names a server (as superuser) to use instead of
the embedded one, `TONUS_TEST_NAME` keeps several runs on it apart.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.template import base
from django.test import override_settings
from django.test.signals import template_rendered
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from clinic import embedded, grants, processes
from tests import workers
from tests.factories import flushing  # noqa: F401 -- real transactions end with empty tables

_URL = "TONUS_TEST_DATABASE_URL"
_ROOT = Path(__file__).resolve().parent.parent

# A machine that others use as well is slow at times; that is no fault of what is tested.
hypothesis.register_profile("tonus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("tonus")


def pytest_configure(config: pytest.Config) -> None:
    """The controller starts the cluster; its workers inherit where it is."""
    if _URL not in os.environ:
        os.environ[_URL] = _start_cluster()
    place = dj_database_url.parse(os.environ[_URL])
    database = settings.DATABASES["default"]
    database.update({key: place[key] for key in ("HOST", "PORT", "USER", "PASSWORD")})
    database["NAME"] = "postgres"
    database["CONN_MAX_AGE"] = 0
    database.setdefault("TEST", {})["NAME"] = "_".join(filter(None, ["test_tonus", os.environ.get("TONUS_TEST_NAME")]))
    settings.SMS_URL = ""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def _start_cluster() -> str:
    folder = Path(tempfile.mkdtemp(prefix="tonus-test-"))
    folder.chmod(0o711)
    cluster = embedded.Postgres(folder / "postgres", embedded.private_folder(folder), careless=True)
    cluster.prepare()
    program, log = cluster.program(), folder / "postgres.log"
    process = processes.start(program, log=log)

    def stop() -> None:
        processes.stop(program, process)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    if not processes.wait_until(cluster.answers, process=process, seconds=30):
        raise pytest.UsageError(f"The tests' PostgreSQL did not start:\n{processes.last_lines(log)}")
    return cluster.url("postgres", "postgres")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers.in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> workers.FileByFile:
    return workers.FileByFile(config, log)


def pytest_collection_finish() -> None:
    """Thousands of tests lie in memory from here to the end: they are not looked through again for garbage.

    Nor is what has once outlived a full search; together that was a tenth of the whole run.
    """
    gc.collect()
    gc.freeze()
    gc.callbacks.append(_freeze_what_is_left)


def _freeze_what_is_left(phase: str, facts: dict[str, int]) -> None:
    if phase == "stop" and facts["generation"] == 2:
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def pages_are_told_once(django_test_environment: None) -> None:
    """Django's tests hear of each template in a page and keep a copy of its context; ours need the page's own alone."""

    def render(template: base.Template, context: Any) -> Any:
        if context.template is template or not isinstance(context.template, base.Template):
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    base.Template._render = render  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each worker has a database of its own, copied from one that was migrated once; both roles exist before it."""
    with psycopg.connect(os.environ[_URL], autocommit=True) as server:
        embedded.ensure_roles(server)
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = _migrated(server)


def _migrated(server: psycopg.Connection[Any]) -> str:
    """The name of a database with all tables, made by whoever comes first; it changes with the migrations."""
    files = sorted(_ROOT.glob("*/migrations/*.py"))
    name = f"tonus_template_{hashlib.sha256(b''.join(map(Path.read_bytes, files))).hexdigest()[:16]}"
    with server.transaction():
        server.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            with psycopg.connect(os.environ[_URL], autocommit=True) as maker:
                maker.execute(f'DROP DATABASE IF EXISTS "{name}_unready"')
                maker.execute(f'CREATE DATABASE "{name}_unready"')
                url = urlsplit(os.environ[_URL])._replace(path=f"/{name}_unready").geturl()
                subprocess.run(
                    [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                    cwd=_ROOT,
                    env={**os.environ, "DATABASE_URL": url, "DATABASE_OWNER_URL": ""},
                    check=True,
                )
                maker.execute(f'ALTER DATABASE "{name}_unready" RENAME TO "{name}"')
    return name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """From here on the tests are the application's role, not the one that made the tables."""
    with django_db_blocker.unblock():
        grants.apply(connection)
        connection.close()
    superuser = connection.settings_dict["USER"]
    connection.settings_dict["USER"] = embedded.APP_ROLE
    yield
    with django_db_blocker.unblock():
        connection.close()
    connection.settings_dict["USER"] = superuser
    # A program that a failed test left behind must not keep the database from being dropped.
    with psycopg.connect(os.environ[_URL], autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [connection.settings_dict["NAME"]],
        )


@pytest.fixture(scope="module")
def official(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The whole list of diagnoses, once for a module, loaded as `prepare` does; taken out again afterwards."""
    from treatments import diagnoses
    from treatments.models import DiagnosisCode, DiagnosisRelease, DiagnosisWord

    owner = urlsplit(os.environ[_URL])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with django_db_blocker.unblock():
        with override_settings(DATABASE_OWNER_URL=owner), grants.as_owner(connection):
            diagnoses.load(now=datetime.now(UTC))
        yield
        for table in (DiagnosisCode, DiagnosisRelease, DiagnosisWord):
            table.objects.all()._raw_delete("default")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for the tests of a file; each has a context of its own."""
    from tests.journeys.people import a_browser

    with a_browser() as chromium:
        yield chromium
