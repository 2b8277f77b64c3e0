"""The name of an AWS request, "service.Operation", read off its method, path, query and headers.

Exact for what this project's functions, client and Terraform send to S3 (path style), Lambda, Step Functions,
DynamoDB, Logs, IAM and STS. A REST operation without an entry here is counted as "service.METHOD".
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs

FORM = ".?"
"""Ends the name of a request whose operation stands in its form body."""

_TARGET_SERVICES = {"AWSStepFunctions": "states", "DynamoDBStreams_20120810": "dynamodbstreams"}

_S3_SUBRESOURCE = re.compile(
    "acl|cors|encryption|lifecycle|logging|notification|object-lock|ownershipControls|policy|publicAccessBlock|replication|"
    "requestPayment|tagging|versioning|website|accelerate|location|policyStatus"
)

_LAMBDA = (
    ("POST", r"/functions/[^/]+/invocations", "Invoke"),
    ("POST", r"/functions", "CreateFunction"),
    ("GET", r"/functions", "ListFunctions"),
    ("GET", r"/functions/[^/]+", "GetFunction"),
    ("DELETE", r"/functions/[^/]+", "DeleteFunction"),
    ("GET", r"/functions/[^/]+/configuration", "GetFunctionConfiguration"),
    ("PUT", r"/functions/[^/]+/configuration", "UpdateFunctionConfiguration"),
    ("PUT", r"/functions/[^/]+/code", "UpdateFunctionCode"),
)


def operation(method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
    """`headers` has lower-case names. A result that ends with `FORM` wants `form_operation` once the body is there."""
    target = headers.get("x-amz-target", "")
    service = _signed_service(headers.get("authorization", ""), query)
    if target:
        prefix, _, name = target.rpartition(".")
        return f"{service or _TARGET_SERVICES.get(prefix, prefix)}.{name}"
    if service == "lambda" or re.match(r"/20\d\d-\d\d-\d\d/functions", path):
        return f"lambda.{_lambda(method, path)}"
    if service in ("s3", None) and not path.startswith("/_"):
        return f"s3.{_s3(method, path, parse_qs(query, keep_blank_values=True), headers)}"
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return f"{service}{FORM}"
    return f"{service or 'emulator'}.{method}"


def form_operation(name: str, body: bytes) -> str:
    """Complete "iam.?" to "iam.CreateRole" from the form's Action."""
    action = parse_qs(body.decode("latin-1")).get("Action", ["POST"])[0]
    return f"{name.removesuffix(FORM)}.{action}"


def _signed_service(authorization: str, query: str) -> str | None:
    """The service in the scope of a SigV4 signature, of the header or of a presigned URL."""
    match = re.search(r"Credential=[^/,\s]+/\d{8}/[^/]+/([^/]+)/aws4_request", authorization)
    if match is None:
        match = re.search(r"X-Amz-Credential=[^&]*?%2F\d{8}%2F[^%]+%2F([^%]+)%2Faws4_request", query)
    return match.group(1) if match else None


def _lambda(method: str, path: str) -> str:
    tail = re.sub(r"^/20\d\d-\d\d-\d\d", "", path).rstrip("/")
    for verb, pattern, name in _LAMBDA:
        if verb == method and re.fullmatch(pattern, tail):
            return name
    return method


def _s3(method: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> str:
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListBuckets"
    kind = "Object" if key else "Bucket"
    if subresource := next(filter(_S3_SUBRESOURCE.fullmatch, query), None):
        words = "".join(word[0].upper() + word[1:] for word in subresource.split("-"))
        return f"{method.capitalize()}{kind}{words}"
    if not key:
        return _s3_bucket(method, query)
    if "uploads" in query:
        return "CreateMultipartUpload"
    if "uploadId" in query:
        return {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload", "GET": "ListParts"}.get(
            method, method
        )
    if method == "PUT" and "x-amz-copy-source" in headers:
        return "CopyObject"
    return f"{method.capitalize()}Object"


def _s3_bucket(method: str, query: Mapping[str, list[str]]) -> str:
    if method == "GET":
        if query.get("list-type") == ["2"]:
            return "ListObjectsV2"
        return "ListObjectVersions" if "versions" in query else "ListObjects"
    if method == "POST" and "delete" in query:
        return "DeleteObjects"
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}.get(method, method)
