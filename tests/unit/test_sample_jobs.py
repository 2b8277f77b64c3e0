"""What the sample jobs compute, in one process."""

from scripts import paths
from tests.one_process import load

JOBS = paths.ROOT / "samples" / "jobs"


def test_temperatures_gives_average_and_maximum_of_each_station() -> None:
    job = load(JOBS / "temperatures")

    result = job.result(["2026-01-01 north -2.5\n2026-01-01 south 14.0\n", "\n2026-01-02 north 1.0\n2026-01-02 south 15.25"])

    assert result == {"north": {"average": -0.75, "maximum": 1.0}, "south": {"average": 14.62, "maximum": 15.25}}


def test_traffic_gives_the_bytes_of_each_address() -> None:
    job = load(JOBS / "traffic")

    result = job.result(["10.0.0.1 GET / 200 512\n10.0.0.2 GET / 304 0\n", "10.0.0.1 HEAD /map.png 200 100\n\n"])

    assert result == {"10.0.0.1": 612, "10.0.0.2": 0}


def test_traffic_gives_the_same_for_sums_of_parts() -> None:
    job = load(JOBS / "traffic")
    assert job.user_combine

    joined = [job.user_combine("10.0.0.1", [5, 7, 1]), job.user_combine("10.0.0.1", [2])]

    assert job.user_reduce("10.0.0.1", joined) == job.user_reduce("10.0.0.1", [5, 7, 1, 2])
