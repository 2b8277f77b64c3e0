"""S3 in memory, with the face of `obstore` as `runtime.aws.s3` uses it, and S3's rules.

Reads and listings see every write that was answered before. Create-if-absent and If-Match are atomic. A multipart upload is many
requests, and nobody sees anything of it before the last one, which stores the whole object. A listing comes in pages, in the
order of the keys' UTF-8 bytes; each page shows the bucket as it is when the page is asked for. Contract:
tests/integration/test_simulated_stores.py.
"""

import bisect
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from obstore import exceptions
from obstore.exceptions import AlreadyExistsError, GenericError, PreconditionError

from tests.simulation.requests import ALWAYS, CREATES, WRITES, Requests

MAX_PAGE = 1000


class Object(NamedTuple):
    """A stored object; `writes` counts how often its key was written."""

    body: bytes
    e_tag: str
    writes: int


def e_tag(body: bytes, writes: int = 1) -> str:
    """The ETag of an object whose key was written so often."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}-{writes}"'


class Written(NamedTuple):
    """One write that took effect. `mode`: put, create or replace; `before` is what it replaced."""

    bucket: str
    key: str
    body: bytes
    mode: str
    before: bytes | None


@dataclass(frozen=True)
class Got:
    """What a get answers.

    Attributes:
        body: the bytes that were asked for.
        meta: of the whole object.
        range: where the bytes begin and end in it.
    """

    body: bytes
    meta: dict[str, Any]
    range: tuple[int, int]

    def bytes(self) -> bytes:
        """The object's content."""
        return self.body


@dataclass
class Buckets:
    """The objects of all buckets, without any client. `watchers` are told of each write."""

    objects: dict[str, dict[str, Object]] = field(default_factory=dict)
    watchers: list[Callable[[Written], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sorted: dict[str, list[bytes]] = {}

    def find(self, bucket: str, key: str) -> Object | None:
        """An object."""
        return self.objects.get(bucket, {}).get(key)

    def write(self, bucket: str, key: str, body: bytes, mode: str = "put") -> None:
        """Write an object."""
        held = self.objects.setdefault(bucket, {})
        before = held.get(key)
        if before is None:
            bisect.insort(self._sorted.setdefault(bucket, []), key.encode())
        writes = before.writes + 1 if before else 1
        held[key] = Object(body, e_tag(body, writes), writes)
        told = Written(bucket, key, body, mode, before.body if before else None)
        for watch in self.watchers:
            watch(told)

    def remove(self, bucket: str, key: str) -> None:
        """Delete an object that is there."""
        del self.objects[bucket][key]
        self._sorted[bucket].remove(key.encode())

    def page(self, bucket: str, prefix: str, after: bytes, limit: int) -> list[str]:
        """Up to `limit` keys under a prefix that come after one."""
        keys, wanted = self._sorted.get(bucket, []), prefix.encode()
        start = bisect.bisect_right(keys, after) if after else bisect.bisect_left(keys, wanted)
        found = []
        for key in keys[start : start + limit]:
            if not key.startswith(wanted):
                break
            found.append(key.decode())
        return found


class Obstore:
    """Stands for the module `obstore` in storage; a store is the bucket's name."""

    exceptions = exceptions

    def __init__(self, buckets: Buckets, requests: Requests) -> None:
        self._buckets, self._requests = buckets, requests

    def put(
        self,
        store: str,
        path: str,
        file: Any,
        *,
        mode: Any = "overwrite",
        use_multipart: bool | None = None,
        chunk_size: int = 5 * 1024 * 1024,
        max_concurrency: int = 12,
    ) -> None:
        """Raises AlreadyExistsError, PreconditionError, FileNotFoundError: the condition in `mode` doesn't hold."""
        body = _content(file)
        if use_multipart is None:
            use_multipart = mode == "overwrite" and len(body) > chunk_size
        if use_multipart:
            self._make(f"begin upload of {path}", lambda: None, WRITES)
            for start in range(0, len(body), chunk_size):
                self._make(f"upload part {start // chunk_size + 1} of {path}", lambda: None, WRITES)

        def effect() -> None:
            found = self._buckets.find(store, path)
            if mode == "overwrite":
                self._buckets.write(store, path, body)
            elif mode == "create":
                if found:
                    raise AlreadyExistsError("412 PreconditionFailed")
                self._buckets.write(store, path, body, "create")
            else:
                if found is None:
                    raise FileNotFoundError("404 NoSuchKey")
                if found.e_tag != mode["e_tag"]:
                    raise PreconditionError("412 PreconditionFailed")
                self._buckets.write(store, path, body, "replace")

        kinds = CREATES if mode == "create" else WRITES
        what = f"put {mode if mode != 'overwrite' else ''} {path}"
        self._make(what, effect, kinds, lambda: AlreadyExistsError("409 ConditionalRequestConflict"))

    def get(self, store: str, path: str, *, options: dict[str, Any] | None = None) -> Got:
        """Read an object, or the range in `options`, if it is the version there.

        Raises FileNotFoundError, PreconditionError, GenericError: there is nothing in that range.
        """
        wanted, version = (options or {}).get("range"), (options or {}).get("if_match")

        def effect() -> Got:
            found = self._buckets.find(store, path)
            if found is None:
                raise FileNotFoundError("404 NoSuchKey")
            if version not in (None, found.e_tag):
                raise PreconditionError("412 PreconditionFailed")
            size = len(found.body)
            start, end = (0, size) if wanted is None else _range(wanted, size)
            return Got(found.body[start:end], {"e_tag": found.e_tag, "size": size}, (start, end))

        return self._make(f"get {path}" if wanted is None else f"get {wanted} of {path}", effect, ALWAYS)

    def get_range(self, store: str, path: str, *, start: int, end: int | None = None, length: int | None = None) -> bytes:
        """Read the bytes of an object from `start` on. Raises FileNotFoundError, GenericError: there is nothing in that range."""
        end = start + length if end is None and length is not None else end
        return self.get(store, path, options={"range": (start, end)}).body

    def delete(self, store: str, path: str) -> None:
        """Delete an object, whether or not there is one."""

        def effect() -> None:
            if self._buckets.find(store, path):
                self._buckets.remove(store, path)

        self._make(f"delete {path}", effect, WRITES)

    def list(
        self, store: str, prefix: str | None, *, offset: str | None = None, chunk_size: int
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of objects that come after `offset`; the prefix is one of whole segments."""
        limit, after = min(chunk_size, MAX_PAGE), (offset or "").encode()
        wanted = prefix.rstrip("/") + "/" if prefix else ""
        while True:
            last = after

            def effect(last: bytes = last) -> list[str]:
                return self._buckets.page(store, wanted, last, limit)

            keys = self._make(f"list {prefix}", effect, ALWAYS)
            if keys:
                yield [{"path": key, "size": self._size(store, key)} for key in keys]
            if len(keys) < limit:
                return
            after = keys[-1].encode()

    def list_with_delimiter(self, store: str, prefix: str | None) -> dict[str, Any]:
        """All pages at once: what lies directly under a prefix."""
        wanted = prefix.rstrip("/") + "/" if prefix else ""

        def effect() -> dict[str, Any]:
            keys = self._buckets.page(store, wanted, b"", 1 << 30)
            steps = dict.fromkeys(key[len(wanted) :].partition("/")[0] for key in keys if "/" in key[len(wanted) :])
            return {
                "common_prefixes": [wanted + step for step in steps],
                "objects": [{"path": key} for key in keys if "/" not in key[len(wanted) :]],
            }

        return self._make(f"list / {prefix}", effect, ALWAYS)

    def _size(self, store: str, key: str) -> int:
        found = self._buckets.find(store, key)
        return len(found.body) if found else 0

    def _make(self, what: str, effect: Callable[[], Any], kinds: Any, conflict: Callable[[], Exception] | None = None) -> Any:
        return self._requests.make(what, effect, kinds, _refused, conflict, _busy, _lost)


def _content(file: Any) -> bytes:
    if hasattr(file, "read"):
        return bytes(file.read())
    return b"".join(map(bytes, file)) if isinstance(file, Iterator) else bytes(file)


def _range(wanted: Any, size: int) -> tuple[int, int]:
    """Where a range begins and ends in an object of that size. Raises GenericError: S3's 416."""
    if isinstance(wanted, dict):
        start, end = (max(0, size - wanted["suffix"]), size) if "suffix" in wanted else (wanted["offset"], size)
    else:
        start, end = wanted
    if start >= size or end <= start:
        raise GenericError("Server returned non-2xx status code: 416 Range Not Satisfiable: <Code>InvalidRange</Code>")
    return start, min(end, size)


def _refused() -> Exception:
    return GenericError("refused for good")


def _busy() -> Exception:
    return GenericError("Server returned non-2xx status code: 503 Service Unavailable: <Error><Code>SlowDown</Code></Error>")


def _lost() -> Exception:
    return GenericError("HTTP error: error sending request")
