"""DynamoDB units from items."""

import pytest

from scripts.compare import capacity
from tests.fakes.deployed import wordcount


@pytest.mark.parametrize(
    ("image", "size"),
    [
        ({"Key": {"S": "abc"}}, 6),
        ({"Key": {"S": "é"}}, 5),
        ({"N": {"N": "0"}}, 2),
        ({"N": {"N": "12"}}, 3),
        ({"N": {"N": "123"}}, 4),
        ({"F": {"NS": ["1", "200"]}}, 5),
    ],
)
def test_size_of_an_item(image, size):
    assert capacity.size(image) == size


def value(size: int) -> dict[str, dict[str, str]]:
    return {"Value": {"S": "x" * (size - len("Value"))}}


@pytest.mark.parametrize(("size", "writes", "reads"), [(10, 1, 1), (1024, 1, 1), (1025, 2, 1), (4096, 4, 1), (4097, 5, 2)])
def test_units_by_size(size, writes, reads):
    assert (capacity.write_units(value(size)), capacity.read_units(value(size))) == (writes, reads)


def item(key: str, size: int = 20, **more):
    image = {"Key": {"S": f"r/{key}"}, **more}
    return {**image, **value(size - capacity.size(image))}


def attempts(key: str):
    return {"Key": {"S": f"r/{key}/attempts"}, "Attempts": {"SS": ["r1"]}, "Expires": {"N": "1795000000"}}


# One chunk of 9 KB, one reducer whose value has 5 KB.
RUN = {
    "mapper-input": [item("1", 9000, Index={"N": "1"}, To={"S": "mapper"}), attempts("1")],
    "mapper-output": [
        item("1", 50, Index={"N": "1"}),
        {"Key": {"S": "r/finished/0"}, "Finished": {"NS": ["1"]}},
        item("fan-in", 50, To={"S": "next"}),
        attempts("fan-in"),
    ],
    "reducer-input": [item("fan-out", 50), item("1", 50, Index={"N": "1"}, To={"S": "reducer"}), attempts("1")],
    "reducer-output": [
        item("1", 5000, Index={"N": "1"}),
        {"Key": {"S": "r/finished/0"}, "Finished": {"NS": ["1"]}},
        item("fan-in", 50, To={"S": "next"}),
        attempts("fan-in"),
    ],
    "results": [item("result", 30)],
}


def test_units_of_a_run():
    functions = {"dynamodb.PutItem": 7, "dynamodb.GetItem": 7, "dynamodb.UpdateItem": 6, "dynamodb.BatchGetItem": 2}

    client = {"dynamodb.BatchGetItem": 3, "dynamodb.BatchWriteItem": 10}
    writes, reads = capacity.units(wordcount("dynamodb_triggers"), RUN, functions, client)

    # put and delete of 9 KB; puts and deletes of six small items; four attempts and two sets, added to and deleted;
    # put and delete of 5 KB; deletes of two sets of sets that aren't there
    assert writes == 2 * 9 + 6 * 2 + 4 * 2 + 2 * 2 + 2 * 5 + 2
    # values of 50 bytes and of 5 KB; three in vain; what set four functions off, one of it of 9 KB; the client's three
    assert reads == 1 + 2 + 3 + (3 + 3) + 3


def test_a_put_in_vain_costs_as_well():
    once, _ = capacity.units(wordcount("dynamodb_triggers"), RUN, {"dynamodb.PutItem": 7}, {})
    twice, _ = capacity.units(wordcount("dynamodb_triggers"), RUN, {"dynamodb.PutItem": 8}, {})

    assert twice == once + 1


def test_without_tables_there_are_no_units():
    assert capacity.units(wordcount("dynamodb_triggers"), {}, {}, {}) == (0.0, 0.0)
