"""Jobs, retries, the schedule, and workers that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from pytest_django import Settings

import jobs_for_tests as jobs
from regulars.base.jobs import NoSuchJob, Retries, enqueue, enqueue_due, failed_jobs, failures_of, last_due, retry_job
from regulars.base.models import AuditEntry, Job, JobFailure, Member, Organisation, ScheduleRun, Worker
from regulars.base.worker import living_workers, put_back_orphans, run_worker

Start = Callable[..., "subprocess.Popen[str]"]


def wait_until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def start_worker(start_python: Start) -> Callable[[], subprocess.Popen[str]]:
    code = "import django; django.setup(); from regulars.base.worker import run_worker; run_worker(interval=0.05)"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    return lambda: start_python("-c", code, env=environment)


# In this process


@pytest.mark.django_db
def test_a_job_is_done_once(tmp_path: Path) -> None:
    file = tmp_path / "out"
    job_id = enqueue(jobs.write, file=str(file), text="hello")
    assert not file.exists()
    assert run_worker(once=True) == 1
    assert run_worker(once=True) == 0
    assert file.read_text() == "hello"
    assert Job.objects.get(pk=job_id).status == TaskResultStatus.SUCCESSFUL


@pytest.mark.django_db
def test_a_change_that_is_taken_back_takes_its_job_along(tmp_path: Path) -> None:
    with transaction.atomic():
        enqueue(jobs.write, file=str(tmp_path / "out"), text="hello")
        transaction.set_rollback(True)
    assert run_worker(once=True) == 0


@pytest.mark.django_db
def test_a_failing_job_is_tried_again_and_every_reason_is_kept() -> None:
    job_id = enqueue(jobs.fail, reason="no paper")
    assert run_worker(once=True) == 3
    failed = failed_jobs().get()
    assert failed.pk == job_id
    attempts = [(one.attempt, one.reason, one.again_at is None) for one in failures_of(failed)]
    assert attempts == [(3, "no paper", True), (2, "no paper", False), (1, "no paper", False)]
    assert "in fail\n" in failures_of(failed)[0].traceback


@pytest.mark.django_db
def test_a_job_waits_before_it_is_tried_again() -> None:
    job_id = enqueue(jobs.fail_for_now, reason="line busy")
    assert run_worker(once=True) == 1
    assert run_worker(once=True) == 0
    waiting = Job.objects.get(pk=job_id)
    assert waiting.status == TaskResultStatus.READY
    assert waiting.run_after > timezone.now() + timedelta(minutes=40)


def test_pauses_double_up_to_an_hour() -> None:
    pauses = [Retries(9, 30).pause(attempt).total_seconds() for attempt in range(1, 12)]
    for seconds, middle in zip(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600], strict=True):
        assert 0.75 * middle <= seconds <= 1.25 * middle


@pytest.mark.django_db
def test_a_job_that_was_given_up_can_be_asked_for_again(owner: Member) -> None:
    job_id = enqueue(jobs.fail, reason="no paper")
    run_worker(once=True)
    retry_job(job_id=job_id, member=owner)
    assert AuditEntry.objects.get(verb="retry_job").after == {"job": str(job_id)}
    assert run_worker(once=True) == 3
    assert JobFailure.objects.count() == 6
    with pytest.raises(NoSuchJob):
        retry_job(job_id=uuid4(), member=owner)


@pytest.mark.django_db(transaction=True)
def test_a_result_that_cannot_be_kept_is_a_failure_with_its_reason() -> None:
    enqueue(jobs.return_what_is_no_json)
    run_worker(once=True)
    assert "JSON" in failures_of(failed_jobs().get())[0].reason


@pytest.mark.django_db
def test_a_job_that_a_new_version_no_longer_knows_is_given_up_with_its_reason() -> None:
    job_id = enqueue(jobs.nightly)
    Job.objects.filter(pk=job_id).update(task_path="regulars.gone.nightly")
    run_worker(once=True)
    assert "regulars.gone" in failures_of(failed_jobs().get())[0].reason


@pytest.mark.django_db
def test_a_worker_takes_its_row_along_when_it_ends() -> None:
    run_worker(once=True)
    assert not Worker.objects.exists()


# The schedule

BERLIN_0230 = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def schedule(settings: Settings) -> None:
    settings.SCHEDULE = {"nightly": {"job": "jobs_for_tests.nightly", "at": "02:30"}}


def test_a_periodic_job_is_due_once_a_day_where_the_firm_is(organisation: Organisation, schedule: None) -> None:
    minute = timedelta(minutes=1)
    assert enqueue_due(BERLIN_0230 - minute) == []  # seen the first time: last night is past
    assert enqueue_due(BERLIN_0230 - minute) == []
    assert enqueue_due(BERLIN_0230) == ["nightly"]
    assert enqueue_due(BERLIN_0230 + minute) == []
    assert enqueue_due(BERLIN_0230 + timedelta(days=1)) == ["nightly"]
    assert Job.objects.count() == 2


def test_runs_missed_while_the_machine_was_off_are_made_up_for_once(organisation: Organisation, schedule: None) -> None:
    enqueue_due(BERLIN_0230)
    assert enqueue_due(BERLIN_0230 + timedelta(days=9)) == ["nightly"]
    assert enqueue_due(BERLIN_0230 + timedelta(days=9, hours=5)) == []


@pytest.mark.django_db
def test_nothing_is_due_before_there_is_an_organisation(schedule: None) -> None:
    assert enqueue_due(BERLIN_0230) == []
    assert not ScheduleRun.objects.exists()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # Berlin puts its clocks forward at 2 on 29 March 2026 and back at 3 on 25 October.
        (datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 0, 29, tzinfo=UTC), datetime(2026, 6, 30, 0, 30, tzinfo=UTC)),
    ],
)
def test_the_hour_that_is_missing_or_doubled_has_one_run(
    organisation: Organisation, now: datetime, expected: datetime
) -> None:
    assert last_due("02:30", now).astimezone(UTC) == expected


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_put_a_periodic_job_in_the_queue_once(organisation: Organisation, schedule: None) -> None:
    ScheduleRun.objects.create(name="nightly", due_at=BERLIN_0230 - timedelta(days=1))
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait()
        enqueue_due(BERLIN_0230)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.count() == 1


# Real workers


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_is_killed_is_begun_again_by_another(
    tmp_path: Path, start_worker: Callable[[], subprocess.Popen[str]]
) -> None:
    begun, done = tmp_path / "begun", tmp_path / "done"
    job_id = enqueue(jobs.hang_once, begun=str(begun), done=str(done))
    first = start_worker()
    wait_until(begun.exists)
    assert len(living_workers()) == 1
    assert put_back_orphans() == 0
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert living_workers() == []
    start_worker()
    wait_until(done.exists)
    wait_until(lambda: Job.objects.get(pk=job_id).status == TaskResultStatus.SUCCESSFUL)
    failure = JobFailure.objects.get()
    assert (failure.job_id, failure.attempt) == (job_id, 1)
    assert "stopped in the middle" in failure.reason


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_stop_finishes_its_job_first(
    tmp_path: Path, start_worker: Callable[[], subprocess.Popen[str]]
) -> None:
    begun, go, done = tmp_path / "begun", tmp_path / "go", tmp_path / "done"
    enqueue(jobs.wait_for, begun=str(begun), go=str(go), done=str(done))
    enqueue(jobs.write, file=str(tmp_path / "second"), text="")
    worker = start_worker()
    wait_until(begun.exists)
    worker.terminate()
    go.touch()
    assert worker.wait(timeout=60) == 0
    assert done.exists()
    assert not (tmp_path / "second").exists()
    assert not Worker.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_jobs_and_two_workers_do_each_job_once(
    tmp_path: Path, start_worker: Callable[[], subprocess.Popen[str]]
) -> None:
    for number in range(40):
        enqueue(jobs.write, file=str(tmp_path / str(number)), text="")
    start_worker()
    start_worker()
    wait_until(lambda: Job.objects.filter(status=TaskResultStatus.SUCCESSFUL).count() == 40)
    assert all(job.attempt == 1 for job in Job.objects.all())


@pytest.mark.django_db
def test_a_worker_on_another_machine_that_is_not_heard_of_counts_as_dead() -> None:
    now = timezone.now()
    worker = Worker.objects.create(id="x", machine="elsewhere", process=1, started_at=now, seen_at=now)
    job_id = enqueue(jobs.nightly)
    Job.objects.get(pk=job_id).claim("x")
    assert put_back_orphans() == 0
    worker.seen_at = now - timedelta(minutes=10)
    worker.save()
    assert put_back_orphans() == 1
    assert failed_jobs().get().pk == job_id  # `nightly` of the tests has no retries


@pytest.mark.django_db
def test_a_worker_within_a_transaction_says_nowhere_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would see it; and on PostgreSQL the second connection would wait for the first, and the first for it."""
    beats: list[object] = []
    monkeypatch.setattr("regulars.base.worker._beat", lambda *said: beats.append(said))
    run_worker(once=True)
    assert beats == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_its_own_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[object] = []
    monkeypatch.setattr("regulars.base.worker._beat", lambda *said: beats.append(said))
    run_worker(once=True)
    assert len(beats) == 1
