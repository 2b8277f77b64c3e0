"""Settings: what the environment and `.next` say."""

import json
from pathlib import Path

import pytest

from runtime.orchestration.settings import Settings
from runtime.orchestration.workflow.place import DefinitionError
from runtime.orchestration.wrapper import load_orchestration
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.places import WORDCOUNT

ENVIRONMENT = {
    "ORCHESTRATION": "http_sync_s3",
    "FUNCTION": "summary",
    "FUNCTION_PREFIX": "wordcount-http_sync_s3-",
    "BUCKETS": '{"shuffle": "s", "returns": "r", "results": "x"}',
}


def test_environment_is_read(tmp_path: Path) -> None:
    settings = Settings.load(ENVIRONMENT, tmp_path)

    assert (settings.orchestration, settings.function) == ("http_sync_s3", "summary")
    assert settings.function_prefix == "wordcount-http_sync_s3-"
    assert (settings.returns_bucket, settings.results_bucket) == ("r", "x")
    assert (settings.fan_in_wait_seconds, settings.place) == (3600, None)


def test_wait_of_a_fan_in_is_set_in_seconds(tmp_path: Path) -> None:
    assert Settings.load(ENVIRONMENT | {"FAN_IN_WAIT_SECONDS": "90"}, tmp_path).fan_in_wait_seconds == 90


def test_next_file_of_the_package_is_read(tmp_path: Path) -> None:
    (tmp_path / ".next").write_text(json.dumps(WORDCOUNT["summary"].json()))

    assert Settings.load(ENVIRONMENT, tmp_path).place == WORDCOUNT["summary"]


@pytest.mark.parametrize("variable", ["ORCHESTRATION", "FUNCTION", "FUNCTION_PREFIX", "BUCKETS"])
def test_missing_variable_is_named(variable: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != variable}

    with pytest.raises(KeyError, match=variable):
        Settings.load(environment, tmp_path)


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_every_orchestration_needs_the_next_file(orchestration: str, tmp_path: Path) -> None:
    settings = Settings.load(ENVIRONMENT | {"ORCHESTRATION": orchestration}, tmp_path)

    with pytest.raises(DefinitionError, match=rf"\.next: missing from the package of summary; {orchestration} needs it"):
        load_orchestration(settings, lambda function, event, deadline=None: None)


def test_buckets_and_tables_are_known_by_their_roles(tmp_path: Path) -> None:
    settings = Settings.load(ENVIRONMENT | {"TABLES": '{"mapper-input": "mi"}'}, tmp_path)

    assert settings.buckets == {"shuffle": "s", "returns": "r", "results": "x"}
    assert settings.tables == {"mapper-input": "mi"}


def test_orchestration_without_a_returns_bucket_has_none(tmp_path: Path) -> None:
    assert Settings.load(ENVIRONMENT | {"BUCKETS": '{"results": "x"}'}, tmp_path).returns_bucket == ""


def test_timeout_is_set_in_seconds(tmp_path: Path) -> None:
    assert Settings.load(ENVIRONMENT | {"TIMEOUT_SECONDS": "90"}, tmp_path).timeout_seconds == 90


def test_concurrency_of_a_fan_out_is_set(tmp_path: Path) -> None:
    assert Settings.load(ENVIRONMENT | {"FAN_OUT_CONCURRENCY": "8"}, tmp_path).fan_out_concurrency == 8


def test_redis_is_known_by_its_url_or_by_host_user_and_cache(tmp_path: Path) -> None:
    told = {f"REDIS_{part}": part.lower() for part in ("URL", "HOST", "USER", "CACHE")} | {"RETURN_STORE": "redis"}

    settings = Settings.load(ENVIRONMENT | told, tmp_path)

    assert (settings.return_store, vars(settings.redis)) == (
        "redis",
        {"url": "url", "host": "host", "user": "user", "cache": "cache"},
    )
