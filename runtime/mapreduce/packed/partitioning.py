"""The partition of each of many words: `keys.reducer_id`, for less."""

from collections.abc import Iterable

try:
    # OpenSSL's, which hashlib prefers, takes longer to begin than to hash a word.
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256


def partition_numbers(words: Iterable[str], num_reducer: int) -> list[int]:
    """`[reducer_id(word, num_reducer) for word in words]`."""
    number = int.from_bytes
    return [number(sha256(word.encode()).digest(), "big") % num_reducer for word in words]
