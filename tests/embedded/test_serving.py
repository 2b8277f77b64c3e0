"""What the emulator serves: on loopback alone, and counted."""

import contextlib
import os
from http.client import HTTPConnection
from pathlib import Path

from tests.embedded.emulator import Emulator, group_members, linux, until


@linux
def test_it_listens_on_loopback_only(emulator: Emulator) -> None:
    emulator.invoke(emulator.function(), {})
    inodes = set()
    for pid in group_members(emulator.shell.state()["pid"]):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
    listeners = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else []:
            fields = line.split()
            if fields[9] in inodes and (fields[3] == "0A" or "udp" in table):
                listeners.append((table, fields[1].split(":")[0]))
    assert listeners == [("/proc/net/tcp", "0100007F")]


@linux
def test_connections_that_clients_have_closed_are_closed(emulator: Emulator) -> None:
    state = emulator.shell.state()
    descriptors = Path(f"/proc/{state['pid']}/fd")
    before = len(list(descriptors.iterdir()))

    for _ in range(30):
        connection = HTTPConnection("127.0.0.1", state["port"], timeout=10)
        connection.request("GET", "/_embedded/requests")
        connection.getresponse().read()
        connection.close()

    until(lambda: len(list(descriptors.iterdir())) < before + 10, seconds=10)


def test_requests_are_counted_exactly(emulator: Emulator) -> None:
    bucket, name = emulator.bucket(), emulator.function()
    emulator.requests(reset=True)
    emulator.s3.put_object(Bucket=bucket, Key="a/b", Body=b"")
    emulator.s3.head_object(Bucket=bucket, Key="a/b")
    emulator.s3.get_object(Bucket=bucket, Key="a/b")
    emulator.s3.list_objects_v2(Bucket=bucket)
    emulator.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/b"}]})
    emulator.invoke(name, {"bucket": bucket, "key": "c"})
    emulator.dynamodb.list_tables()
    emulator.states.list_state_machines()
    emulator.iam.list_roles()
    report = emulator.requests()
    assert report["counts"] == {
        "s3.PutObject": 2,
        "s3.HeadObject": 1,
        "s3.GetObject": 1,
        "s3.ListObjectsV2": 1,
        "s3.DeleteObjects": 1,
        "lambda.Invoke": 1,
        "lambda.invocations": 1,
        "dynamodb.ListTables": 1,
        "states.ListStateMachines": 1,
        "iam.ListRoles": 1,
    }
    assert report["total"] == 10
    assert report["functions"] == {name: 1}
