"""INPUT of a workflow that takes a JSON document as it is."""

import json

import pytest

from scripts.client.errors import InputError
from scripts.client.input.document import read_document
from tests.fakes.deployed import chain

FAN_OUT = chain("sfn", "weigh*", "choose")
TASK = chain("sfn", "split", "square*", "total")


@pytest.fixture
def given(tmp_path):
    def write(body):
        path = tmp_path / "given.json"
        path.write_text(body)
        return str(path)

    return write


@pytest.mark.parametrize("document", [{"data": [1, None, "a"]}, [1, None, "a"]])
def test_each_element_gets_a_branch_where_the_workflow_begins_with_a_fan_out(given, document):
    assert read_document(given(json.dumps(document)), FAN_OUT).elements == [1, None, "a"]


@pytest.mark.parametrize("document", [{"data": [1]}, [1, 2], None, "text", 3])
def test_the_whole_document_goes_to_a_function_that_runs_once(given, document):
    assert read_document(given(json.dumps(document)), TASK).elements == [document]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"date": []}', "the document is an object"),
        ("3", "the document is a number 3"),
        ("[1, 2", "is not JSON"),
        ("", "is not JSON"),
    ],
)
def test_a_document_that_holds_no_array_is_refused(given, body, told):
    with pytest.raises(InputError, match=told):
        read_document(given(body), FAN_OUT)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="takes one JSON document"):
        read_document(str(tmp_path), TASK)
