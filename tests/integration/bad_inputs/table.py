"""Bad inputs, all in one place: what is given, what the user is told (what is wrong, where, what to do), and how it ends.

Read by test_bad_inputs.py, which also sees that nothing was started and nothing is left. `{name}` stands for what a test has
made: `{dir}` a folder with the row's files, `{shuffle}`, `{returns}` and so on a deployment's buckets and tables.

More of what can be wrong with an input's bytes and JSON is in tests/unit/client/input/test_client_reading.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NAN = float("nan")
DEEP = "[" * 100_000
ANY = object()
"""An event that nobody reads."""


@dataclass(frozen=True)
class Command:
    """The client's arguments; exit code 2 unless the row says otherwise.

    Attributes:
        said: part of the one sentence on stderr.
        files: content by name, below `{dir}`.
        stdin: None where it is closed.
    """

    arguments: str
    said: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    stdin: bytes | None = b""


@dataclass(frozen=True)
class Call:
    """A component function called as a plain Lambda, with no wrapper around it."""

    function: str
    event: Any
    said: str


@dataclass(frozen=True)
class Event:
    """What a deployed function is sent; an EnvelopeError unless the row says otherwise."""

    orchestration: str
    function: str
    event: Any
    said: str
    error: str = "EnvelopeError"


@dataclass(frozen=True)
class Definition:
    """The workflow's new content; None removes it, a function changes its JSON. `make package` ends with code 1."""

    content: Any
    said: str


def json_file(text: str) -> dict[str, bytes]:
    """The one file of most rows."""
    return {"in.json": text.encode()}


TEXT = {"in.txt": b"to be"}
IN_JSON = "{dir}/in.json"

COMMANDS = {
    # files
    "no arguments": Command("", "give INPUT or --attach RUN"),
    "empty name": Command("''", "INPUT is an empty name; is a shell variable unset?"),
    "missing file": Command("{dir}/nothing.txt", "nothing.txt: there is no such file; give a file, a folder, or - for"),
    "name too long": Command("{dir}/" + "x" * 300, "can't be read: File name too long"),
    "link to itself": Command("{dir}/loop", "loop can't be read: Too many levels of symbolic links"),
    "link to itself in a folder": Command("{dir}", "loop can't be read: Too many levels of symbolic links"),
    "pipe in a folder": Command("{dir}/pipes", "pipe is not a regular file; a folder given as input may hold text files"),
    "folder as JSON": Command("{dir} --format json", "is a folder; --format json needs a file"),
    "file below a file": Command("{dir}/in.txt/more", "more can't be read: Not a directory", TEXT),
    "closed standard input": Command("-", "standard input is closed; give a file or a folder", stdin=None),
    "binary": Command("{dir}/in.txt", "in.txt is binary (a NUL byte at offset 2)", {"in.txt": b"a \0"}),
    "UTF-16 without a mark": Command(IN_JSON, "without a mark in front; say so", {"in.json": '["a"]'.encode("utf-16-le")}),
    "Latin-1": Command("{dir}/in.txt", "not UTF-8: invalid continuation byte (byte 0xe9) at offset 3", {"in.txt": b"caf\xe9 x"}),
    "escapes in a file's name": Command("{dir}/evil", "\\x1b[31m.txt is binary", {"evil/\x1b[31m.txt": b"\0"}),
    # JSON
    "cut off": Command(IN_JSON, "in.json is not JSON: Expecting value at line 1, column 10", json_file('{"data": ')),
    "two documents": Command(IN_JSON, "Extra data at line 2, column 1", json_file('["a"]\n["b"]')),
    "two byte order marks": Command(IN_JSON, "is not JSON", {"in.json": b"\xef\xbb\xbf" * 2 + b'["a"]'}),
    "no array": Command(IN_JSON, 'the document is a string "text"; expected', json_file('"text"')),
    "no data": Command(IN_JSON, "holds an object without \"data\" (found 'text')", json_file('{"text": "a"}')),
    "data twice": Command(IN_JSON, "an object has the key 'data' twice; keep one", json_file('{"data": ["a"], "data": ["b"]}')),
    "text twice": Command("-", "an object has the key 'text' twice", stdin=b'[{"text": "a", "text": "b"}]'),
    "data is no array": Command(IN_JSON, "data is an object; expected", json_file('{"data": {"text": "a"}}')),
    "nested too deeply": Command(IN_JSON, "in.json is nested too deeply; expected", json_file(DEEP)),
    "nested too deeply in a text's place": Command(IN_JSON, "nested too deeply", json_file('[{"text": ' + DEEP)),
    "number of 5,000 digits": Command(IN_JSON, "is not JSON that can be read", json_file("[" + "9" * 5000 + "]")),
    "element is a number": Command(IN_JSON, "[1] (element 2) is a number 5; expected a string", json_file('["a", 5]')),
    "element is null": Command(IN_JSON, "[0] (element 1) is null", json_file("[null]")),
    "no text": Command(IN_JSON, '[0] (element 1) has no "text"; expected', json_file('[{"Text": "a"}]')),
    "text is null": Command(IN_JSON, '"text" is null; expected a string', json_file('[{"text": null}]')),
    "lone surrogate": Command(IN_JSON, "lone surrogate (\\ud800) at character 3", json_file('["x \\ud800"]')),
    # numbers of reducers
    "numReducer is text": Command(IN_JSON, '"numReducer" is a string "3"', json_file('[{"text": "a", "numReducer": "3"}]')),
    "numReducer is true": Command(IN_JSON, '"numReducer" is a boolean true', json_file('[{"text": "a", "numReducer": true}]')),
    "numReducer is 1e3": Command(IN_JSON, '"numReducer" is a number 1000.0', json_file('[{"text": "a", "numReducer": 1e3}]')),
    "numReducer is NaN": Command(IN_JSON, '"numReducer" is a number NaN', json_file('[{"text": "a", "numReducer": NaN}]')),
    "numReducer is 10**9": Command(IN_JSON, "expected 1 to 1000", json_file('[{"text": "a", "numReducer": 1000000000}]')),
    "numReducer of 4,000 digits": Command(
        IN_JSON, f"is {'9' * 40}; expected 1 to 1000", json_file('[{"text": "a", "numReducer": ' + "9" * 4000 + "}]")
    ),
    "numReducer differs": Command(
        IN_JSON,
        "disagree on numReducer: element 1 says 2, element 2 3",
        json_file('[{"text": "a", "numReducer": 2}, {"text": "b", "numReducer": 3}]'),
    ),
    # destinations
    "destinations differ": Command(
        IN_JSON,
        "the input's elements disagree on destination",
        json_file('[{"text": "a", "destination": "{shuffle}/a"}, {"text": "b", "destination": "{shuffle}/b"}]'),
    ),
    "destination is an array": Command(IN_JSON, '"destination" is an array', json_file('[{"text": "a", "destination": []}]')),
    "destination is another bucket of ours": Command(
        IN_JSON, "a bucket that mappers may not write to; use", json_file('[{"text": "a", "destination": "{returns}"}]')
    ),
    "destination climbs": Command(
        IN_JSON, "element 1: \"destination\" '{shuffle}/../x'", json_file('[{"text": "a", "destination": "{shuffle}/../x"}]')
    ),
    "destination is half a character": Command(
        IN_JSON, "empty, relative or unsafe step", json_file('[{"text": "a", "destination": "{shuffle}/\\ud800"}]')
    ),
    "--destination is empty": Command("{dir}/in.txt --destination ''", "does not start with the name of a bucket", TEXT),
    "--destination is foreign": Command("{dir}/in.txt --destination nobodys-bucket", "can't be used", TEXT),
    "--destination climbs": Command("{dir}/in.txt --destination {shuffle}/../x", "relative or unsafe step", TEXT),
    "--destination is encoded": Command("{dir}/in.txt --destination {shuffle}/%2e%2e", "unsafe step", TEXT),
    "--destination is too long": Command("{dir}/in.txt --destination {shuffle}/" + "x" * 300, "more than 256 bytes", TEXT),
    # run ids
    "run id climbs": Command("{dir}/in.txt --run-id ../x", "'../x' can't be a run id: use 1 to 64 of A-Z", TEXT),
    "run id is encoded": Command("{dir}/in.txt --run-id %2e%2e", "can't be a run id", TEXT),
    "run id is empty": Command("{dir}/in.txt --run-id ''", "can't be a run id", TEXT),
    "run id is a full-width letter": Command("{dir}/in.txt --run-id ａ", "can't be a run id", TEXT),
    "run id is an Arabic digit": Command("{dir}/in.txt --run-id ٣", "can't be a run id", TEXT),
    "run id has a line's end": Command("{dir}/in.txt --run-id 'r\n'", "can't be a run id", TEXT),
    "run id of 65 letters": Command("{dir}/in.txt --run-id " + "r" * 65, "can't be a run id", TEXT),
    "run id of another run": Command("{dir}/in.txt --run-id used", "run id used was used before", TEXT),
    "attached run climbs": Command("--attach ../used", "can't be a run id"),
    "attached run is none": Command("--attach nobodys", "there is no run nobodys on"),
    # options
    "--top below 0": Command("{dir}/in.txt --top -1", "-1 is not 0 or more", TEXT),
    "--chunks 0": Command("{dir}/in.txt --chunks 0", "0 is not 1 or more", TEXT),
    "--chunk-bytes is a fraction": Command("{dir}/in.txt --chunk-bytes 1.5", "'1.5' is not a whole number", TEXT),
    "--num-reducer 10**9": Command("{dir}/in.txt --num-reducer 1000000000", "is not from 1 to 1000", TEXT),
    "--timeout is no number": Command("{dir}/in.txt --timeout nan", "'nan' is not a number of seconds above 0", TEXT),
    "--timeout without end": Command("{dir}/in.txt --timeout 1e999", "not a number of seconds above 0", TEXT),
    "--orchestration misspelt": Command("{dir}/in.txt --orchestration sfm", "unknown orchestration 'sfm'; known are", TEXT),
    "--attach with INPUT": Command("{dir}/in.txt --attach used", "give INPUT or --attach RUN, one of the two", TEXT),
    "--filter is no regular expression": Command("{dir}/in.txt --filter '('", "'(' is no regular expression: missing )", TEXT),
    # --output
    "--output with an unknown ending": Command("{dir}/in.txt --output {dir}/out.xlsx", "known are .json .jsonl .csv .tsv", TEXT),
    "--output is empty": Command("{dir}/in.txt --output ''", "--output is an empty name", TEXT),
    "--output is a folder": Command("{dir}/in.txt --output {dir}", "this is a folder; name a file in it", TEXT),
    "--output in no folder": Command("{dir}/in.txt --output {dir}/no/out", "there is no folder", TEXT),
    "--output below a file": Command("{dir}/in.txt --output {dir}/in.txt/out", "there is no folder", TEXT),
    "--output of a long name": Command("{dir}/in.txt --output {dir}/" + "x" * 300, "longer than 255 bytes", TEXT),
    "--output is INPUT": Command("{dir}/in.txt --output {dir}/./in.txt", "this is INPUT, which the counts would overwrite", TEXT),
}

CHUNK = {"text": "to be", "destination": "{shuffle}"}
OUTPUT = {"bucket": "{shuffle}", "numReducer": 3}

CALLS = {
    "unum_map without an array": Call(
        "unum_map", {"data": CHUNK}, 'unum_map takes an array, or an object with an array as "data"'
    ),
    "mapper without a chunk": Call("mapper", None, 'mapper takes {"text", "destination"}; got NoneType'),
    "mapper without a text": Call("mapper", CHUNK | {"text": 5}, 'mapper: "text" must be a string; got int'),
    "mapper without a destination": Call("mapper", {"text": "a"}, '"destination" must be "bucket" or "bucket/prefix"; got None'),
    "mapper to a destination that climbs": Call("mapper", CHUNK | {"destination": "bucket/../x"}, "relative or unsafe step"),
    "mapper to half a character": Call("mapper", CHUNK | {"destination": "bucket/\ud800"}, "relative or unsafe step"),
    "mapper to a URL": Call("mapper", CHUNK | {"destination": "https://bucket/x"}, "does not start with the name of a bucket"),
    "mapper with numReducer true": Call("mapper", CHUNK | {"numReducer": True}, '"numReducer" must be a whole number from 1'),
    "mapper with numReducer 1e3": Call("mapper", CHUNK | {"numReducer": 1e3}, "from 1 to 1000; got 1000.0"),
    "mapper with numReducer NaN": Call("mapper", CHUNK | {"numReducer": NAN}, "from 1 to 1000; got nan"),
    "mapper with numReducer 10**9": Call("mapper", CHUNK | {"numReducer": 10**9}, "from 1 to 1000; got 1000000000"),
    "mapper of half a character": Call("mapper", CHUNK | {"text": "\ud800"}, "no valid Unicode text: lone surrogate at 0"),
    "partition of an object": Call("partition", OUTPUT, "partition takes an array of mapper outputs; got dict"),
    "partition of half an output": Call(
        "partition", [OUTPUT, {"bucket": "b"}], 'mapper output 2 is not {"bucket", "numReducer"}'
    ),
    "partition of lists": Call("partition", [{"bucket": ["b"], "numReducer": 3}], "mapper output 1 is not"),
    "partition of a text's number": Call("partition", [OUTPUT | {"numReducer": "3"}], "mapper output 1 is not"),
    "partition of two numbers": Call("partition", [OUTPUT, OUTPUT | {"numReducer": 4}], "all chunks of a run need one"),
    "reducer without a partition": Call("reducer", {"bucket": "{shuffle}"}, 'reducer takes {"bucket", "partition"}'),
    "reducer of a folder that climbs": Call("reducer", {"bucket": "bucket", "partition": "../reducer0/"}, "must be like"),
    "reducer of a number": Call("reducer", {"bucket": 5, "partition": "reducer0/"}, '"destination" must be'),
    "summary of an object": Call("summary", {"be": 2}, "summary takes an array of reducer outputs; got dict"),
    "summary of a number": Call("summary", [{"be": 2}, 3], "reducer output 2 is not an object: 3"),
    "summary of a word twice": Call("summary", [{"be": 2}, {"be": 1}], "'be' is in reducer output 2 and in an earlier one"),
}


def http(value: Any, **more: Any) -> dict[str, Any]:
    """An envelope with a value in it."""
    return {"Session": "run1", "Data": {"Source": "http", "Value": value}, **more}


def s3(pointer: Any, **more: Any) -> dict[str, Any]:
    """An envelope with a pointer in it."""
    return {"Session": "run1", "Data": {"Source": "s3", "Value": pointer}, **more}


def branch(**more: Any) -> dict[str, Any]:
    """The envelope of a mapper of http_sync_s3."""
    return http(CHUNK, **{"Fan-out": {"Index": 2, "Size": 2, "Directory": "mapper/"}, **more})


def created(bucket: str, key: str) -> dict[str, Any]:
    """S3's event."""
    return {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]}


def item(table: str = "{mapper-input}", event: str = "INSERT", **more: Any) -> dict[str, Any]:
    """A stream's event; an attribute that is None is left out."""
    image = {"Key": {"S": "run1/1"}, "To": {"S": "mapper"}, "Run": {"S": "run1"}, "Index": {"N": "1"}, "Size": {"N": "1"}, **more}
    told = {"SequenceNumber": "1", "NewImage": {name: value for name, value in image.items() if value is not None}}
    source = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/2026"
    return {"Records": [{"eventName": event, "eventSourceARN": source, "dynamodb": told}]}


PLACE = {"Fan-out": {"Index": 1, "Size": 1}}
FOREIGN = CHUNK | {"destination": "somebody-elses/prefix"}
REFUSED = "was told to use the bucket 'somebody-elses'"

EVENTS = {
    # what all envelopes have in common
    "no envelope": Event("sfn", "mapper", CHUNK, 'not an envelope, "Session" and "Data" are missing'),
    "null": Event("http_only", "mapper", None, "not an envelope"),
    "run id is a number": Event("http_sync_s3", "mapper", branch(Session=5), '"Session" is no run id'),
    "run id that climbs": Event("sfn", "mapper", http(CHUNK, Session="../x"), '"Session" is no run id (1 to 64 letters'),
    "run id that is encoded": Event("http_only", "mapper", http(CHUNK, Session="%2e%2e"), '"Session" is no run id'),
    "run id of two steps": Event("http_sync_s3", "unum_map", http([], Session="a/b"), '"Session" is no run id'),
    "data without a source": Event("http_only", "mapper", {"Session": "run1", "Data": 5}, "neither a value nor a pointer"),
    "data of an unknown source": Event(
        "sfn", "mapper", {"Session": "run1", "Data": {"Source": "ftp", "Value": 1}}, "neither a value nor a pointer into this run"
    ),
    "pointer that climbs": Event("sfn", "mapper", s3("../other/1.json"), "neither a value nor a pointer into this run"),
    "pointer of another run": Event("http_only", "mapper", s3("run2/mapper/1.json"), "neither a value nor a pointer"),
    "pointer from the root": Event("http_sync_s3", "unum_map", s3("/mapper.input/1.json"), "neither a value nor a pointer"),
    "pointer with a bucket": Event("sfn", "mapper", s3("s3://somebody-elses/1.json"), "neither a value nor a pointer"),
    "pointer that is encoded": Event("sfn", "mapper", s3("mapper.input/%2e%2e/1.json"), "neither a value nor a pointer"),
    "pointer to nothing": Event("sfn", "mapper", s3("mapper.input/7.json", **PLACE), "no such value in this run", "StorageError"),
    "one forged pointer of many": Event(
        "sfn",
        "summary",
        {"Session": "run1", "Data": [{"Source": "http", "Value": {}}, {"Source": "s3", "Value": "x"}]},
        "pointer",
    ),
    "directory that climbs": Event("http_sync_s3", "partition", s3({"Directory": "../mapper/", "Size": 1}), "neither a value"),
    "directory of no size": Event("http_sync_s3", "partition", s3({"Directory": "mapper/"}), "neither a value nor a pointer"),
    "directory of size -1": Event("http_sync_s3", "partition", s3({"Directory": "mapper/", "Size": -1}), "neither a value"),
    "directory of size 10**9": Event("http_sync_s3", "partition", s3({"Directory": "mapper/", "Size": 10**9}), "neither a value"),
    "directory of size 1e3": Event("http_sync_s3", "partition", s3({"Directory": "mapper/", "Size": 1e3}), "neither a value"),
    "index 0": Event("sfn", "mapper", http(CHUNK, **{"Fan-out": {"Index": 0, "Size": 1}}), '"Fan-out" needs an "Index" from 1'),
    "index above size": Event("sfn", "mapper", http(CHUNK, **{"Fan-out": {"Index": 3, "Size": 2}}), "from 1 to its"),
    "index is true": Event("http_only", "mapper", http(CHUNK, **{"Fan-out": {"Index": True, "Size": 2}}), "from 1 to its"),
    "size is true": Event("http_only", "mapper", http(CHUNK, **{"Fan-out": {"Index": 1, "Size": True}}), "from 1 to its"),
    "size is 10**9": Event("sfn", "mapper", http(CHUNK, **{"Fan-out": {"Index": 1, "Size": 10**9}}), "at most 1000000"),
    # a foreign bucket, before any request
    "foreign destination": Event("sfn", "mapper", http(FOREIGN, **PLACE), f"mapper {REFUSED}"),
    "destination in another bucket of ours": Event(
        "sfn", "mapper", http(CHUNK | {"destination": "{results}"}, **PLACE), "which is not this deployment's own for emitted"
    ),
    "foreign bucket of mapper outputs": Event(
        "http_only", "partition", http([OUTPUT, {"bucket": "somebody-elses", "numReducer": 3}]), f"partition {REFUSED}"
    ),
    "foreign bucket of a reducer": Event(
        "sfn", "reducer", http({"bucket": "s3://somebody-elses", "partition": "reducer0/"}, **PLACE), f"reducer {REFUSED}"
    ),
    # http_sync_s3
    "branch that returns elsewhere": Event(
        "http_sync_s3",
        "mapper",
        http(CHUNK, **{"Fan-out": {"Index": 1, "Size": 1, "Directory": "reducer/"}}),
        '"Directory" must be',
    ),
    "waiting since ever": Event("http_sync_s3", "mapper", branch(Waiting={"Since": NAN, "HandOns": 1}), '"Since" is no time'),
    "waiting for ever": Event("http_sync_s3", "mapper", branch(Waiting={"Since": 1e300, "HandOns": 1}), '"Since" is no time'),
    "waiting since tomorrow": Event(
        "http_sync_s3", "mapper", branch(Waiting={"Since": 9e10, "HandOns": 1}), "a time that has passed"
    ),
    "waiting of no number": Event("http_sync_s3", "mapper", branch(Waiting={"Since": 1.0, "HandOns": True}), '"Waiting" needs'),
    # http_only
    "deadline is text": Event("http_only", "mapper", http(CHUNK, **PLACE, Deadline="soon"), '"Deadline" is no time in seconds'),
    "deadline is NaN": Event("http_only", "mapper", http(CHUNK, **PLACE, Deadline=NAN), '"Deadline" is no time'),
    "deadline is true": Event("http_only", "mapper", http(CHUNK, **PLACE, Deadline=True), '"Deadline" is no time'),
    "deadline without end": Event("http_only", "mapper", http(CHUNK, **PLACE, Deadline=float("inf")), '"Deadline" is no time'),
    # s3_triggers
    "no S3 event": Event("s3_triggers", "mapper", {"Records": []}, "not an S3 event"),
    "object of a foreign bucket": Event(
        "s3_triggers", "mapper", created("somebody-elses", "run1/1.json"), "not a record of an object"
    ),
    "object of another stage": Event(
        "s3_triggers", "mapper", created("{reducer-input}", "run1/1.json"), "not a record of an object"
    ),
    "key that climbs": Event("s3_triggers", "mapper", created("{mapper-input}", "run1/..%2F1.json"), "not the key of a value"),
    "key of no run": Event(
        "s3_triggers", "mapper", created("{mapper-input}", "1.json"), "not the key of a value, {run}/{index}.json"
    ),
    "key of bookkeeping": Event("s3_triggers", "partition", created("{mapper-output}", "run1/.sync"), "not the key of a value"),
    # dynamodb_triggers
    "no stream event": Event("dynamodb_triggers", "mapper", {"Records": "x"}, "not a stream event"),
    "item of a foreign table": Event(
        "dynamodb_triggers", "mapper", item("somebody-elses"), "not a new item addressed to mapper in"
    ),
    "item of another stage": Event(
        "dynamodb_triggers", "mapper", item("{reducer-input}"), "not a new item addressed to mapper in"
    ),
    "item that changed": Event("dynamodb_triggers", "mapper", item(event="MODIFY"), "not a new item addressed to mapper"),
    "item for somebody else": Event(
        "dynamodb_triggers", "mapper", item(To={"S": "reducer"}), "not a new item addressed to mapper"
    ),
    "item of a run that climbs": Event("dynamodb_triggers", "mapper", item(Run={"S": "../x"}), '"Session" is no run id'),
    "item without a size": Event("dynamodb_triggers", "mapper", item(Size=None), '"Size" is no number from 0'),
    "item of size 10**9": Event("dynamodb_triggers", "mapper", item(Size={"N": "999999999"}), '"Size" is no number from 0 to'),
    "item of index 1e3": Event("dynamodb_triggers", "mapper", item(Index={"N": "1e3"}), '"Index" is no number'),
    "item of index 2 of 1": Event("dynamodb_triggers", "mapper", item(Index={"N": "2"}), '"Index" must be from 1 to "Size"'),
    # the recorder of failures, the same everywhere
    "failure of no run": Event("http_sync_s3", "recorder", {"Failure": {}}, '"Session" is no run id'),
    "failure that is no object": Event("sfn", "recorder", ["failed"], "not a failure record"),
    "failure of a run that climbs": Event("sfn", "recorder", {"Session": "../x", "Failure": {}}, '"Session" is no run id'),
    "failure without a request": Event("http_sync_s3", "recorder", {"requestContext": None}, '"Session" is no run id'),
    "failure of an object that climbs": Event(
        "s3_triggers",
        "recorder",
        {"requestContext": {}, "requestPayload": created("{mapper-input}", "../1.json")},
        "not the key of a value",
    ),
    "failure in an item that is no JSON": Event(
        "dynamodb_triggers", "recorder", item(Failure={"S": "{"}), '"Failure" is no failure record'
    ),
    "failure in an item that is a number": Event(
        "dynamodb_triggers", "recorder", item(Failure={"S": "5"}), '"Failure" is no failure record'
    ),
}


def changed(**fields: Any) -> Any:
    """Changes fields of a workflow's file."""
    return lambda workflow: workflow | fields


def state(name: str, **fields: Any) -> Any:
    """Changes fields of one of its states."""
    return lambda workflow: workflow | {"States": workflow["States"] | {name: workflow["States"][name] | fields}}


DEFINITIONS = {
    "missing": Definition(None, "can't be read: No such file"),
    "folder": Definition({}, "can't be read: Is a directory"),
    "not UTF-8": Definition(b"\xff", "can't be read: 'utf-8' codec"),
    "no JSON": Definition("{", "no JSON"),
    "too deep": Definition(DEEP, "no JSON: maximum recursion depth"),
    "an array": Definition("[]", "must be an object, and is []"),
    "no states": Definition("{}", '"States": must be an object, and is missing'),
    "states in an array": Definition(changed(States=[{}]), '"States": must be an object, and is ['),
    "start nowhere": Definition(changed(StartAt="Nowhere"), "\"StartAt\" is 'Nowhere', and no state here has that name"),
    "key twice": Definition('{"StartAt": "a", "StartAt": "b", "States": {}}', "'StartAt' stands twice; write it once"),
    "unknown function": Definition(
        state("summary", Resource="sumary"), "there is no functions/sumary/sumary.py; known functions"
    ),
    "unknown next": Definition(state("map", Next="partiton"), "\"Next\" is 'partiton', and no state here has that name"),
    "a loop": Definition(state("partition", Next="map"), "leads back to 'map'; a workflow has no loop"),
    "another type": Definition(state("partition", Type="Choice"), "\"Type\" is 'Choice', which can't be compiled; decide in"),
    "a retrier": Definition(
        state("summary", Retry=[]), 'the field "Retry" can\'t be compiled; leave it out: packaging adds retriers'
    ),
    "fan-out without a fan-in": Definition(state("partition", Next="summary"), 'state "reduce": no state leads here'),
}
