"""What a worker of the embedded AWS does before a function's first line, and with its layers."""

import io
import sys
import uuid
import zipfile

from tests.embedded.emulator import Emulator, until

HANDLER = """
import sys

def handler(event, context):
    before = "botocore" in sys.modules
    import http.client, http.server, threading

    told = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            told.append(self.headers["X-Ministack-Invoke-Depth"])
            self.send_response(202)
            self.end_headers()

    with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=lambda: [server.handle_request() for _ in range(2)], daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        connection.request("POST", "/", b"{}")
        connection.getresponse().read()

        import boto3

        client = boto3.client("lambda", endpoint_url=f"http://127.0.0.1:{server.server_port}", region_name="us-east-1")
        client.invoke(FunctionName="any", InvocationType="Event")
    return {"before": before, "told": told}
"""

RAISING = """
import os

def handler(event, context):
    if event["do"] == "exit":
        os._exit(1)
    raise ValueError(os.getpid())
"""

WRITING = """
import time
import obstore
from obstore.store import S3Store

def handler(event, context):
    if "bucket" in event:
        store = S3Store(event["bucket"], client_options={"allow_http": True})
        obstore.put(store, "ran/VERSION", b"", use_multipart=False)
    time.sleep(event.get("seconds", 0))
    return VERSION
"""

OF_A_LAYER = """
import of_a_layer

def handler(event, context):
    return of_a_layer.__file__
"""


def test_function_is_watched_for_loops_and_pays_for_no_botocore(emulator: Emulator) -> None:
    told = emulator.invoke(emulator.function(code=HANDLER), {})

    assert told == {"before": False, "told": ["1", "1"]}


def test_workers_share_what_a_layer_unpacks_to(emulator: Emulator) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("python/of_a_layer.py", "")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    layer = emulator.functions.publish_layer_version(
        LayerName=f"layer-{uuid.uuid4().hex[:8]}", Content={"ZipFile": body.getvalue()}, CompatibleRuntimes=[version]
    )
    layers = [layer["LayerVersionArn"]]

    first, second = (emulator.invoke(emulator.function(code=OF_A_LAYER, Layers=layers), {}) for _ in range(2))

    assert first.endswith("/python/of_a_layer.py")
    assert first == second


def test_function_that_raised_goes_on_in_its_worker_and_one_that_exited_does_not(emulator: Emulator) -> None:
    name = emulator.function(code=RAISING)
    first, second, died, third = (emulator.invoke(name, {"do": do}) for do in ("raise", "raise", "exit", "raise"))

    assert first["errorMessage"] == second["errorMessage"] != third["errorMessage"]
    assert first["errorType"] == "ValueError"
    assert died["errorType"] == "Runtime.ExitError"


def test_event_that_waited_while_its_function_was_updated_runs_the_new_code(emulator: Emulator) -> None:
    name, first, second = emulator.function(code=WRITING.replace("VERSION", "1")), emulator.bucket(), emulator.bucket()
    emulator.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    emulator.invoke(name, {"bucket": first, "seconds": 20}, "Event")
    until(lambda: emulator.keys(first, "ran/") != [], 30)
    emulator.invoke(name, {"bucket": second}, "Event")

    update = io.BytesIO()
    with zipfile.ZipFile(update, "w") as archive:
        archive.writestr("index.py", WRITING.replace("VERSION", "2"))
    emulator.functions.update_function_code(FunctionName=name, ZipFile=update.getvalue())  # ends what runs
    until(lambda: emulator.keys(second, "ran/") != [], 60)
    emulator.functions.delete_function_concurrency(FunctionName=name)

    assert emulator.keys(second, "ran/") == ["ran/2"]
    assert [emulator.invoke(name, {}) for _ in range(3)] == [2, 2, 2]
