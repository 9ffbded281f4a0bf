"""The fixtures that other tests stand on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection

from regulars.base.models import Member, Organisation


@pytest.mark.django_db(transaction=True)
def test_a_process_started_by_a_test_sees_the_records_of_the_test(
    owner: Member, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings; from regulars.base.models import Member\n"
        "print(Member.objects.get().name, settings.WAREHOUSE_ROOT)"
    )
    output, _ = start_python("-c", code).communicate(timeout=60)
    assert output.strip() == f"{owner.name} {settings.WAREHOUSE_ROOT}"


def test_tests_roll_back(organisation: Organisation) -> None:
    assert Organisation.objects.count() == 1
    assert "test" in str(connection.settings_dict["NAME"])


def test_a_fresh_postgres_can_be_had(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as found:
        assert found.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
