"""What the embedded AWS lets a test of faults change."""

import pytest

from scripts.embedded.cli import parser
from scripts.embedded.server.deliveries import Deliveries


def test_functions_may_find_aws_at_a_proxy_on_this_machine() -> None:
    assert parser().parse_args(["up", "--lambda-endpoint", "http://127.0.0.1:9999"]).lambda_endpoint == "http://127.0.0.1:9999"


@pytest.mark.parametrize("url", ["http://example.com:8", "https://127.0.0.1:8", "http://127.0.0.1", "http://127.0.0.1:8/x", ""])
def test_functions_never_look_for_aws_on_another_machine(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["up", "--lambda-endpoint", url])

    assert ended.value.code == 2
    assert "is not on this machine" in capsys.readouterr().err


def test_nothing_is_written_to_disk_until_that_is_asked_for() -> None:
    assert [parser().parse_args(["up", *more]).keeps for more in ([], ["--keep-state"])] == [False, True]


def test_events_come_once_until_more_is_asked_for() -> None:
    deliveries = Deliveries()

    assert deliveries.times == 1
    assert deliveries.set("2")
    assert deliveries.times == 2


@pytest.mark.parametrize("text", ["0", "10", "-1", "two", "", "2/"])
def test_number_of_deliveries_that_makes_no_sense_changes_nothing(text: str) -> None:
    deliveries = Deliveries()

    assert not deliveries.set(text)
    assert deliveries.times == 1
