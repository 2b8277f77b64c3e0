"""S3: limits and denials that ministack does not know."""

import uuid
from typing import Any

from scripts.embedded.server.patching import module, wrap

KEY_BYTES = 1_024
PAGE_KEYS = 1_000


def forbid_long_keys() -> None:
    """Refuse keys above 1,024 bytes of UTF-8 with KeyTooLongError, as AWS does: words become keys here.

    Unneeded once tests/embedded/test_s3.py::test_keys_above_1024_bytes_are_refused passes without it.
    """
    s3 = module("services.s3", "_object_error(code, message, status)")

    @wrap(s3, "_dispatch")
    def dispatch(original: Any, method: str, bucket: str, key: str, headers: Any, body: Any, query_params: Any) -> Any:
        size = len(key.encode("utf-8", "surrogatepass")) if key else 0
        if size > KEY_BYTES:
            told = {"Size": str(size), "MaxSizeAllowed": str(KEY_BYTES)}
            return s3._object_error("KeyTooLongError", "Your key is too long", 400, **told)
        return original(method, bucket, key, headers, body, query_params)


def cap_pages() -> None:
    """List at most 1,000 keys a page, whatever `max-keys` asks for: code that forgets paging must fail here, too.

    Unneeded once tests/embedded/test_s3.py::test_pages_hold_1000_keys_and_batches_delete_1000 passes without it.
    """

    @wrap(module("services.s3"), "_list_objects_v1", "_list_objects_v2", "_list_object_versions")
    def listing(original: Any, bucket_name: str, query_params: dict[str, Any]) -> Any:
        wanted = query_params.get("max-keys")
        value = wanted[0] if isinstance(wanted, list) else wanted
        if value is not None and str(value).isdecimal() and int(value) > PAGE_KEYS:
            query_params = {**query_params, "max-keys": [str(PAGE_KEYS)]}
        return original(bucket_name, query_params)


def cap_batch_deletes() -> None:
    """Refuse a DeleteObjects of more than 1,000 keys with MalformedXML, as AWS does.

    Unneeded once tests/embedded/test_s3.py::test_pages_hold_1000_keys_and_batches_delete_1000 passes without it.
    """
    s3 = module("services.s3", "_error(code, message, status)")

    @wrap(s3, "_delete_objects")
    def delete(original: Any, bucket_name: str, body: bytes, headers: Any = None) -> Any:
        if body.count(b"<Key>") > PAGE_KEYS:
            text = "The XML you provided was not well-formed or did not validate against our published schema"
            return s3._error("MalformedXML", text, 400)
        return original(bucket_name, body, headers)


def hide_missing_keys() -> None:
    """Answer 403, not 404, to a GET or HEAD of a missing key when the caller may not list the bucket.

    AWS does so, and a poller whose role lacks s3:ListBucket would work here and fail there. ListBucket is asked without
    a prefix, so a policy that allows it under an s3:prefix condition only counts as not allowing it.

    Unneeded once tests/embedded/test_s3.py::test_a_missing_key_is_403_without_list_bucket_and_404_with_it passes without it.
    """
    app = module("app", "AUTH")
    s3 = module("services.s3", "_request_access_key(method, key, headers, query_params, body), _buckets, get_region")
    evaluator = module("core.iam_evaluator", "enforce(access_key_id, iam_action, service, region, resource_arn, service_context)")
    actions = module("core.iam_actions", "access_denied_response(service, action, principal_arn, request_id)")

    @wrap(s3, "_dispatch")
    def dispatch(original: Any, method: str, bucket: str, key: str, headers: Any, body: Any, query_params: Any) -> Any:
        response = original(method, bucket, key, headers, body, query_params)
        if not (app.AUTH and response[0] == 404 and key and method in ("GET", "HEAD") and bucket in s3._buckets):
            return response
        arn = f"arn:aws:s3:::{bucket}"
        access_key = s3._request_access_key(method, key, headers, query_params, body)
        denied = evaluator.enforce(access_key, "s3:ListBucket", "s3", s3.get_region(), resource_arn=arn, service_context={})
        if denied is None or not hasattr(denied, "principal_arn"):
            return response
        return actions.access_denied_response(
            "s3", "s3:ListBucket", denied.principal_arn, str(uuid.uuid4()), headers=headers, resource_arn=arn
        )
