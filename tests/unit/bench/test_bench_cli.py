"""What has been measured is told, also when the bench could not go to its end."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from scripts import paths
from scripts.bench import cli
from scripts.bench.clocked import Clocked
from scripts.bench.deployments import Deployed
from scripts.bench.results import Series
from scripts.steps import StepFailedError


@pytest.fixture
def ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a bench that measures one thing, or nothing, and then ends so."""

    def run(error: BaseException | None, *, measured: bool = True) -> int:
        class Bench:
            def __init__(self, *given: object) -> None:
                self.results = given[-1]

            def run(self) -> None:
                if measured:
                    series = Series("packed", "sfn", "0.12 MB", 0.12, 100, [Clocked(0.5, 0.6)])
                    self.results.series.append(series)  # type: ignore[attr-defined]
                if error is not None:
                    raise error

        monkeypatch.setattr(paths, "BUILD", tmp_path)
        monkeypatch.setattr(cli, "deployed", lambda *_, **__: nullcontext(Deployed({}, {})))
        monkeypatch.setattr(cli, "Bench", Bench)
        return cli.main([])

    return run


def test_a_bench_writes_its_files_and_prints_the_table(
    ending: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(None) == 0

    printed = capsys.readouterr().out
    assert "0.50 s (sfn)" in printed
    assert json.loads((tmp_path / "bench" / "bench.json").read_text())["series"][0]["seconds"]["median"] == 0.5
    assert (tmp_path / "bench" / "bench.html").read_text().startswith("<!doctype html>")
    assert [path.name for path in (tmp_path / "bench").iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), 130), (StepFailedError("apply", 7), 7), (OSError("full"), 1)]
)
def test_what_was_measured_before_the_end_is_told(
    ending: Callable[..., int], error: BaseException, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(error) == status

    printed = capsys.readouterr().out
    assert "0.50 s (sfn)" in printed
    assert "the bench ended early" in printed


def test_nothing_is_written_of_a_bench_that_measured_nothing(ending: Callable[..., int], tmp_path: Path) -> None:
    assert ending(KeyboardInterrupt(), measured=False) == 130

    assert list((tmp_path / "bench").iterdir()) == []
