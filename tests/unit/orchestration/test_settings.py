"""Settings: what the environment and `.next` say."""

from pathlib import Path

import pytest

from runtime.orchestration import http_sync_s3
from runtime.orchestration.edge import DefinitionError, Edge
from runtime.orchestration.settings import Settings

ENVIRONMENT = {
    "ORCHESTRATION": "http_sync_s3",
    "FUNCTION": "summary",
    "FUNCTION_PREFIX": "wordcount-http_sync_s3-",
    "SHUFFLE_BUCKET": "s",
    "RETURNS_BUCKET": "r",
    "RESULTS_BUCKET": "x",
}


def test_environment_is_read(tmp_path: Path) -> None:
    settings = Settings.load(ENVIRONMENT, tmp_path)

    assert (settings.orchestration, settings.function) == ("http_sync_s3", "summary")
    assert settings.function_prefix == "wordcount-http_sync_s3-"
    assert (settings.returns_bucket, settings.results_bucket) == ("r", "x")
    assert (settings.fan_in_wait_seconds, settings.edge) == (3600, None)


def test_wait_of_a_fan_in_is_set_in_seconds(tmp_path: Path) -> None:
    assert Settings.load(ENVIRONMENT | {"FAN_IN_WAIT_SECONDS": "90"}, tmp_path).fan_in_wait_seconds == 90


def test_next_file_of_the_package_is_read(tmp_path: Path) -> None:
    (tmp_path / ".next").write_text('{"Name": "summary", "Next": null, "Edge": null}')

    assert Settings.load(ENVIRONMENT, tmp_path).edge == Edge("summary", None, None)


@pytest.mark.parametrize("variable", ["ORCHESTRATION", "FUNCTION", "FUNCTION_PREFIX", "RESULTS_BUCKET"])
def test_missing_variable_is_named(variable: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != variable}

    with pytest.raises(KeyError, match=variable):
        Settings.load(environment, tmp_path)


def test_http_sync_s3_needs_its_next_file(tmp_path: Path) -> None:
    settings = Settings.load(ENVIRONMENT, tmp_path)

    with pytest.raises(DefinitionError, match=r"\.next: missing from the package of summary"):
        http_sync_s3.create(settings, lambda function, event: None)
