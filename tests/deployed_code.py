"""Another code for deployed functions, as a user would deploy it, and back."""

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from scripts.package.functions import function_zip
from scripts.package.source import Source
from scripts.package.zips import zip_bytes
from tests.cloud import Cloud, record_path


@contextlib.contextmanager
def changed(
    cloud: Cloud, orchestration: str, function: str, path: str, text: str, *, timeout: int | None = None
) -> Iterator[None]:
    """The deployment while one file of a function is another, and its time limit in seconds perhaps too."""
    name, client = cloud.deployment(orchestration)["functions"][function], cloud.client("lambda")
    packaged = (cloud.build / orchestration / f"{function}.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packaged)) as archive:
        files = {each: archive.read(each) for each in archive.namelist()}
    assert path in files
    before = client.get_function_configuration(FunctionName=name)["Timeout"]
    client.update_function_code(FunctionName=name, ZipFile=zip_bytes({**files, path: text.encode()}))
    client.update_function_configuration(FunctionName=name, Timeout=timeout or before)
    try:
        yield
    finally:
        client.update_function_code(FunctionName=name, ZipFile=packaged)
        client.update_function_configuration(FunctionName=name, Timeout=before)


@contextlib.contextmanager
def with_job(cloud: Cloud, orchestration: str, folder: Path) -> Iterator[None]:
    """The deployment while it has the zips of another job, and its record says so."""
    names, client = cloud.deployment(orchestration)["functions"], cloud.client("lambda")
    source = Source(job=folder)
    zips = {}
    for place in source.places(orchestration):
        packaged, exchanged = (cloud.build / orchestration / f"{place.name}.zip").read_bytes(), function_zip(source, place)
        if packaged != exchanged:
            zips[place.name] = packaged, exchanged
    assert zips
    deployed = record_path(cloud.build, orchestration)
    before = deployed.read_bytes()
    try:
        deployed.write_text(json.dumps(json.loads(before) | {"job": source.job_record()}))
        for function, (_, exchanged) in zips.items():
            client.update_function_code(FunctionName=names[function], ZipFile=exchanged)
        yield
    finally:
        deployed.write_bytes(before)
        for function, (packaged, _) in zips.items():
            client.update_function_code(FunctionName=names[function], ZipFile=packaged)
