"""What a worker of the embedded AWS does before a function's first line, and with its layers."""

import io
import sys
import uuid
import zipfile

from tests.e2e.test_embedded import Cloud, cloud, venv

__all__ = ["cloud", "venv"]

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

OF_A_LAYER = """
import of_a_layer

def handler(event, context):
    return of_a_layer.__file__
"""


def test_function_pays_for_botocore_only_if_it_imports_it_and_is_watched_for_loops_in_any_case(cloud: Cloud) -> None:
    told = cloud.invoke(cloud.function(code=HANDLER), {})

    assert told == {"before": False, "told": ["1", "1"]}


def test_workers_share_what_a_layer_unpacks_to(cloud: Cloud) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("python/of_a_layer.py", "")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    layer = cloud.functions.publish_layer_version(
        LayerName=f"layer-{uuid.uuid4().hex[:8]}", Content={"ZipFile": body.getvalue()}, CompatibleRuntimes=[version]
    )
    layers = [layer["LayerVersionArn"]]

    first, second = (cloud.invoke(cloud.function(code=OF_A_LAYER, Layers=layers), {}) for _ in range(2))

    assert first.endswith("/python/of_a_layer.py")
    assert first == second


def test_function_that_raised_goes_on_in_its_worker_and_one_that_exited_does_not(cloud: Cloud) -> None:
    name = cloud.function(code=RAISING)
    first, second, died, third = (cloud.invoke(name, {"do": do}) for do in ("raise", "raise", "exit", "raise"))

    assert first["errorMessage"] == second["errorMessage"] != third["errorMessage"]
    assert first["errorType"] == "ValueError"
    assert died["errorType"] == "Runtime.ExitError"
