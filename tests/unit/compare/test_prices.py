"""Costs."""

import pytest

from scripts.compare import prices
from scripts.compare.prices import Usage, cost


def usage(**more) -> Usage:
    nothing = {"requests": {}, "invocations": 0, "gb_seconds": 0.0, "architecture": "x86_64", "transitions": 0}
    return Usage(**{**nothing, "write_units": 0.0, "read_units": 0.0, **more})


@pytest.mark.parametrize(
    ("used", "item", "usd"),
    [
        ({"invocations": 1_000_000}, "Lambda invocations", 0.20),
        ({"gb_seconds": 400_000}, "Lambda GB-s", 6.66668),
        ({"gb_seconds": 400_000, "architecture": "arm64"}, "Lambda GB-s", 5.33336),
        ({"requests": {"s3.PutObject": 600_000, "s3.ListObjectsV2": 400_000}}, "S3 PUT, LIST", 5.00),
        ({"requests": {"s3.GetObject": 500_000, "s3.HeadObject": 500_000, "s3.DeleteObjects": 9}}, "S3 GET, HEAD", 0.40),
        ({"transitions": 1_000_000}, "Step Functions", 25.0),
        ({"write_units": 1_000_000}, "DynamoDB writes", 0.625),
        ({"read_units": 1_000_000}, "DynamoDB reads", 0.125),
    ],
)
def test_cost_of_a_million(used, item, usd):
    found = cost(usage(**used))

    assert found.pop(item) == pytest.approx(usd)
    assert set(found.values()) == {0.0}


def test_an_architecture_without_a_price_is_refused():
    with pytest.raises(ValueError, match="lambda_gb_s_riscv"):
        cost(usage(architecture="riscv"))


def test_every_price_says_its_unit_source_and_date():
    for name, item in prices.table().items():
        assert item["usd"] > 0, name
        assert all(isinstance(item[field], str) and item[field] for field in ("unit", "source", "date")), name
