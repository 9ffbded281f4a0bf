"""What `regulars check` finds out."""

from __future__ import annotations

import shutil
import socket
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

import jobs_for_tests as jobs
from regulars.base.checks import Finding, State, check_installation
from regulars.base.jobs import enqueue
from regulars.base.mail.models import Mailbox, OutgoingMail
from regulars.base.models import Job, Member, TableVersion, Worker
from regulars.base.warehouse import Table, open_engine
from regulars.base.worker import run_worker

pytestmark = pytest.mark.django_db(transaction=True)

NUMBERS = Table("numbers", {"n": "BIGINT"}, ["n"])


def finding(name: str) -> Finding:
    return next(one for one in check_installation() if one.name == name)


def write_numbers() -> None:
    with open_engine() as engine:
        NUMBERS.writable()
        NUMBERS.put_in_force(NUMBERS.append(engine, "SELECT range AS n FROM range(10)"))


def test_a_new_installation_has_no_errors_and_says_what_to_do_next() -> None:
    findings = check_installation()
    assert [one for one in findings if one.state == State.ERROR] == []
    assert finding("organisation").state == State.WARNING
    assert "regulars demo" in finding("organisation").way_out
    assert finding("worker").way_out == "Start one: regulars worker"


def test_everything_in_order_needs_no_way_out(owner: Member, settings: Settings) -> None:
    write_numbers()
    now = timezone.now()
    Worker.objects.create(id="w", machine="elsewhere", process=1, started_at=now, seen_at=now)
    not_ok = [one for one in check_installation() if one.state != State.OK and one.name != "disk space"]
    assert not_ok == []
    assert finding("table numbers").sentence == "The table can be read at version 1."


def test_every_finding_that_is_not_ok_has_a_way_out() -> None:
    assert all(one.way_out for one in check_installation() if one.state != State.OK)


def test_a_lost_warehouse_is_an_error() -> None:
    write_numbers()
    shutil.rmtree(django_settings.WAREHOUSE_ROOT)
    assert finding("table numbers").state == State.ERROR
    assert "restore" in finding("table numbers").way_out


def test_a_lost_or_damaged_file_of_a_table_is_an_error() -> None:
    write_numbers()
    file = next(Path(django_settings.WAREHOUSE_ROOT).rglob("*.parquet"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-4])
    assert finding("table numbers").state == State.ERROR
    file.unlink()
    assert finding("table numbers").state == State.ERROR
    file.write_bytes(whole)
    assert finding("table numbers").state == State.OK
    TableVersion.objects.update(version=9)
    assert finding("table numbers").state == State.ERROR


def test_a_warehouse_that_is_a_file_is_an_error(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.WAREHOUSE_ROOT = str(tmp_path / "file")
    assert finding("warehouse").state == State.ERROR


def test_a_secret_key_that_others_may_read_is_a_warning(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    (tmp_path / "secret_key").write_text("x")
    (tmp_path / "secret_key").chmod(0o644)
    assert finding("secret key").state == State.WARNING
    (tmp_path / "secret_key").chmod(0o600)
    assert finding("secret key").state == State.OK


def test_a_database_that_lacks_a_migration_is_an_error_and_nothing_more_is_asked_of_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'plan'")
    try:
        assert finding("database").state == State.ERROR
        assert "upgrade" in finding("database").way_out
        assert "organisation" not in [one.name for one in check_installation()]
    finally:
        from django.db.migrations.executor import MigrationExecutor
        from django.db.migrations.recorder import MigrationRecorder

        for app, name in MigrationExecutor(connection).loader.graph.nodes:
            if app == "plan":
                MigrationRecorder(connection).record_applied(app, name)


def test_a_job_that_waits_long_without_a_worker_is_an_error() -> None:
    job_id = enqueue(jobs.nightly)
    assert finding("worker").state == State.WARNING
    Job.objects.filter(pk=job_id).update(enqueued_at=timezone.now() - timedelta(hours=1))
    assert finding("worker").state == State.ERROR


def test_a_job_that_was_given_up_is_named_with_its_reason() -> None:
    enqueue(jobs.fail, reason="no paper")
    run_worker(once=True)
    assert "no paper" in finding("jobs").sentence
    assert "fail" in finding("jobs").sentence


# Mail


class SmallMailServer(socketserver.StreamRequestHandler):
    """Greets, and answers every command kindly."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail.example.com\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def mail_port() -> Iterator[int]:
    with socketserver.TCPServer(("127.0.0.1", 0), SmallMailServer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_mail_server_that_answers_is_in_order_and_one_that_does_not_is_an_error(
    settings: Settings, mail_port: int
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_port
    assert finding("mail").state == State.OK
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = probe.getsockname()[1]
        assert finding("mail").state == State.ERROR
        assert "REGULARS_MAIL_URL" in finding("mail").way_out


def test_mails_in_doubt_and_a_mailbox_that_does_not_open_are_warnings(settings: Settings) -> None:
    assert not {"outbox", "mailbox"} & {one.name for one in check_installation()}
    settings.MAILBOX_URL = "imaps://post:geheim@mail.example.com/INBOX"
    Mailbox.objects.create(address="post@mail.example.com/INBOX", problem="Authentication failed")
    assert finding("mailbox").state == State.WARNING
    assert "Authentication failed" in finding("mailbox").sentence
    assert "geheim" not in finding("mailbox").sentence
    OutgoingMail.objects.create(to_address="a@x.example", message_id="<1@x>", state="unknown", next_at=timezone.now())
    assert finding("outbox").sentence == "1 mail was not sent, or nobody knows whether it was."


def test_mail_that_is_only_printed_is_a_warning(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert finding("mail").state == State.WARNING
