"""bench.html and bench.json: whole, well-formed, and in need of nothing else."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from scripts.bench import page
from scripts.bench.clocked import Clocked
from scripts.bench.contenders import COUNTER, LITHOPS
from scripts.bench.plots import Line, plot
from scripts.bench.results import FanOut, Results, Series
from scripts.client.input.layout import OBJECTS, PACKED
from tests.fakes.measured import measured as run


@pytest.fixture
def results() -> Results:
    def series(contender: str, orchestration: str | None, megabytes: float, seconds: float) -> Series:
        used = Clocked(seconds, seconds + 1, cpu_seconds={"client": 0.5, "mapper": 1.5}, peak_mb={"mapper": 60.0})
        return Series(contender, orchestration, f"{megabytes:g} MB", megabytes, 1000, [used])

    measured = Results(
        {"cores": 2, "processor": "a <fast> one", "memory_mb": 8192, "python": "3.11", "load_before": [0.1], "load_after": [2.0]},
        {"runs": 3},
        [series(who, "sfn", size, size * slow) for who, slow in ((PACKED, 0.2), (OBJECTS, 90.0)) for size in (0.12, 1.0, 5.0)]
        + [series(who, None, size, size * 0.3) for who in (COUNTER, LITHOPS) for size in (0.12, 1.0, 5.0)],
        [FanOut(way, number, [number / 100]) for way in ("sfn", "bare invoke") for number in (2, 512)],
        notes=["texts larger than 0.12 MB & so on"],
    )
    measured.series[0].cost = replace(run(), by_functions={"s3.PutObject": 400})
    measured.series.append(Series(PACKED, "http_only", "5 MB", 5.0, 1000, failure="no end after 600 s"))
    measured.fan_outs.append(FanOut("http_only", 512, failure="it takes 400"))
    return measured


def test_page_needs_nothing_from_anywhere(results: Results) -> None:
    html = page.render(results)

    assert re.findall(r"(?:src|href|url\(|@import|<script|<link)", html) == []
    assert html.count("<svg") == html.count("</svg>") == 3


def test_page_is_escaped_and_well_formed(results: Results) -> None:
    body = page.render(results).partition("<body>")[2].partition("</body>")[0]

    root = ElementTree.fromstring(f"<body>{body}</body>")  # noqa: S314  (our own)

    assert "a <fast> one" in "".join(root.itertext())
    assert "Failed: packed, http_only on 5 MB: no end after 600 s" in "".join(root.itertext())


def test_page_suits_light_and_dark_screens(results: Results) -> None:
    html = page.render(results)

    assert "color-scheme: light dark" in html
    assert "prefers-color-scheme: dark" in html


def test_page_of_nothing_says_so() -> None:
    html = page.render(Results({"cores": 2, "processor": "", "memory_mb": 0, "python": "3.11"}, {"runs": 1}))

    assert html.count("Nothing was measured for this plot.") == 3


def test_plot_draws_each_point_of_each_line_inside_its_frame() -> None:
    svg = ElementTree.fromstring(plot([Line("a & b", [(1, 10), (100, 0.1)]), Line("c", [(10, 1)], kind=2)], "MB", "s"))  # noqa: S314

    circles = [(float(each.get("cx", "")), float(each.get("cy", ""))) for each in svg.iter() if each.tag == "circle"]
    (_, low, *_), (width, height) = (0, 0), map(float, svg.get("viewBox", "").split()[2:])
    assert len(circles) == 3
    assert all(low < x < width and low < y < height for x, y in circles)
    assert circles[0][0] < circles[1][0]
    assert circles[0][1] < circles[1][1], "ten seconds lie above a tenth of one"
    assert "a & b" in "".join(svg.itertext())


def test_plot_leaves_out_what_has_no_place_on_a_logarithmic_axis() -> None:
    assert plot([Line("free", [(1, 0.0)])], "MB", "USD") == "<p>Nothing was measured for this plot.</p>"


def test_json_holds_medians_costs_and_failures(results: Results) -> None:
    told = json.loads(json.dumps(results.as_json()))

    assert told["series"][0]["seconds"]["median"] == pytest.approx(0.024)
    assert told["series"][0]["cost"]["s3_usd"] == 0.002
    assert told["series"][0]["peak_mb"] == {"mapper": 60.0}
    assert told["failures"] == ["packed, http_only on 5 MB: no end after 600 s", "http_only, 512 branches: it takes 400"]
