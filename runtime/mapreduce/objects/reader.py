"""The reducers' side of the layout: which partitions exist, and what one holds.

Nearly everything is read from the listing: the object of a pair with the value 1 is empty and never fetched, but for one of each
word too long for a key. Bodies are fetched many at once; memory holds the values of one word, or of some words with few.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain

from runtime.aws import s3
from runtime.concurrency import CONCURRENCY, in_order
from runtime.mapreduce.keys import Destination, is_long, partition_number, unescape
from runtime.mapreduce.objects import proof
from runtime.mapreduce.objects.bodies import Body
from runtime.mapreduce.objects.errors import ObjectsError
from runtime.mapreduce.objects.names import Mappers, name_of_value, text_of
from runtime.mapreduce.objects.ranges import list_in_ranges
from runtime.mapreduce.sequence import Values
from runtime.ports import ports
from runtime.run import Run

_UNDER_WAY_BYTES = 32 * 2**20
"""Of all requests that are made at once."""


def list_partitions(where: Destination, run: Run, mappers: int) -> list[str]:
    """The partitions under a destination, in the order of their numbers: `["reducer2/", "reducer10/"]`.

    Raises:
        ObjectsError: they are not those that the mappers of the run filled.
        StorageError: a request finally failed.
    """
    names = ports().s3.list_directories(where.bucket, where.prefix)
    numbered = sorted((number, name) for name in names if (number := partition_number(name)) is not None)
    if run.run_id is not None:
        proof.add_up(where, run, mappers, [number for number, _ in numbered])
    return [name for _, name in numbered]


def read_partition(where: Destination, partition: str, run: Run) -> Iterator[tuple[str, Values]]:
    """Each word of a partition such as `"reducer0/"` once, with all that was emitted for it, in the order of the keys.

    Raises:
        ObjectsError: an object is not one that `emit` writes; or, after the last word, there are more or fewer than were emitted.
        StorageError: a request finally failed.
    """
    emitted = None if run.run_id is None else proof.read_sum(where, run, partition_number(partition) or 0)
    reader = _Reader(where, run, emitted.mappers if emitted else 1)
    found = 0
    for word in reader.words(where.prefix + partition, emitted.places if emitted else ()):
        found += len(word.ones) + len(word.others)
        yield reader.value_of(word)
    if emitted is not None:
        proof.check(where, partition, emitted.pairs, found)


class _Ones:
    """The names of a word's pairs with the value 1: 16 bytes each, or just their number where a name tells nothing."""

    def __init__(self, keeps: bool) -> None:
        self._keeps, self._names, self._number = keeps, bytearray(), 0

    def __len__(self) -> int:
        return self._number

    def add(self, name: str) -> None:
        """Raises ValueError: where names tell something, it is no UUID."""
        if self._keeps:
            sixteen = bytes.fromhex(name.replace("-", ""))
            if len(sixteen) != 16:
                raise ValueError(name)
            self._names += sixteen
        self._number += 1

    def __iter__(self) -> Iterator[bytes]:
        return (bytes(self._names[start : start + 16]) for start in range(0, len(self._names), 16))


class _Word:
    """What the listing tells of a word.

    Attributes:
        segment: the word in the keys.
        ones: its pairs with the value 1.
        others: the names and sizes of the objects with a body.
        text: the body that is the word itself, if it is too long for a key.
    """

    def __init__(self, segment: str, in_run: bool) -> None:
        self.segment, self.ones = segment, _Ones(in_run)
        self.others: list[s3.Listed] = []
        self.bodies: list[tuple[str, Body]] = []
        self.text: bytes | None = None


class _Reader:
    def __init__(self, where: Destination, run: Run, mappers: int) -> None:
        self._bucket, self._run_id, self._number = where.bucket, run.run_id, mappers
        self._prefix = ""
        self._mappers = Mappers(run.run_id, mappers) if run.run_id is not None else None

    def words(self, prefix: str, begins: Iterable[str]) -> Iterator[_Word]:
        """Each word with its bodies."""
        self._prefix = prefix
        held: list[_Word] = []
        bodies, size, limits = 0, 0, ports().limits
        for word in self._listed(list_in_ranges(self._bucket, prefix, begins)):
            held.append(word)
            bodies += len(word.others)
            size += sum(size for _, size in word.others)
            if not bodies or size >= limits.bodies_bytes or max(bodies, len(held)) >= limits.bodies:
                yield from self._fetch(held)
                held, bodies, size = [], 0, 0
        yield from self._fetch(held)

    def value_of(self, word: _Word) -> tuple[str, Values]:
        """The word as text, and its values in order."""
        text = unescape(word.segment, word.text)
        if not word.bodies:
            return text, Values([(1, len(word.ones))])
        ones: Counter[int] = Counter()
        if self._mappers is None:
            ones[1] = len(word.ones)
        else:
            ones.update(self._mappers.find(name, len(word.ones)) for name in word.ones)
        by_mapper: dict[int, list[tuple[int, str, Body]]] = {}
        for name, body in word.bodies:
            by_mapper.setdefault(body.mapper, []).append((body.number, name, body))
        mappers = sorted(by_mapper.keys() | ones.keys())
        return text, Values(chain.from_iterable(_merged(ones[mapper], by_mapper.get(mapper, [])) for mapper in mappers))

    def _listed(self, objects: Iterable[s3.Listed]) -> Iterator[_Word]:
        """The words of a listing, in which all that one word has stands together."""
        word: _Word | None = None
        for key, size in objects:
            segment, slash, name = key[len(self._prefix) :].partition("/")
            if not slash or not segment:
                raise self._no_pair(key, f"expected {self._prefix}{{word}}/{{uuid}}")
            if word is None or word.segment != segment:
                if word is not None:
                    yield word
                word = _Word(segment, self._run_id is not None)
            if size:
                word.others.append((name, size))
            else:
                self._add_one(word, name)
        if word is not None:
            yield word

    def _add_one(self, word: _Word, name: str) -> None:
        try:
            word.ones.add(name)
        except ValueError:
            raise self._no_pair(self._key(word, name), "its name is no UUID") from None

    def _fetch(self, words: list[_Word]) -> Iterator[_Word]:
        """The words, with bodies."""
        for word in words:
            if is_long(word.segment):
                self._fetch_text(word)
        wanted = [(word, name, size) for word in words for name, size in word.others]
        largest = max((size for _, _, size in wanted), default=1)
        at_once = max(1, min(CONCURRENCY, _UNDER_WAY_BYTES // largest))
        with closing(in_order(self._body, wanted, at_once)) as found:
            for (word, name, _), body in zip(wanted, found, strict=True):
                word.bodies.append((name, body))
        yield from words

    def _fetch_text(self, word: _Word) -> None:
        """Tell the ones of a long word, whose bodies are the word, from its other pairs, whose bodies hold more than it."""
        if not word.others:
            raise self._no_pair(self._key(word, ""), "an empty object can't hold its long word")
        name, least = min(word.others, key=lambda listed: listed[1])
        data = self._get(word, name)
        try:
            unescape(word.segment, data)
        except ValueError:
            # No pair with the value 1: its body would be the smallest.
            body = self._parse(word, name, data)
            word.text = (body.word or "").encode()
            return
        word.text = data
        for name, size in word.others:
            if size == least:
                self._add_one(word, name)
        word.others = [listed for listed in word.others if listed[1] != least]

    def _body(self, wanted: tuple[_Word, str, int]) -> Body:
        word, name, _ = wanted
        return self._parse(word, name, self._get(word, name))

    def _get(self, word: _Word, name: str) -> bytes:
        key = self._key(word, name)
        data = ports().s3.get(self._bucket, key)
        if data is None:
            raise ObjectsError(
                f"s3://{self._bucket}/{key} was listed, and is not there any more; probably something deletes the run"
            )
        return data

    def _parse(self, word: _Word, name: str, data: bytes) -> Body:
        key, long = self._key(word, name), is_long(word.segment)
        try:
            body = Body.parse(data, long)
            if long:
                unescape(word.segment, (body.word or "").encode())
        except ValueError as error:
            raise self._no_pair(key, str(error)) from None
        if self._run_id is not None:
            expected = name_of_value(self._run_id, body.mapper, text_of(body.value), body.occurrence)
            if body.mapper > self._number or str(expected) != name:
                raise self._no_pair(key, f"its body is not the one that a mapper of run {self._run_id} gives to that key")
        return body

    def _key(self, word: _Word, name: str) -> str:
        return f"{self._prefix}{word.segment}/{name}"

    def _no_pair(self, key: str, cause: str) -> ObjectsError:
        return ObjectsError(f"s3://{self._bucket}/{key} is no emitted pair: {cause}")


def _merged(ones: int, others: list[tuple[int, str, Body]]) -> Iterator[tuple[object, int]]:
    """The runs of values of one mapper: ones fill the gaps between the others, which have numbers.

    Numbers may stand twice where a map emits in threads and was tried again: their order is not defined then, but for the name's.
    """
    place = 0
    for number, _, body in sorted(others, key=lambda other: other[:2]):
        if gap := min(ones, max(0, number - place)):
            yield 1, gap
            ones -= gap
        yield body.value, 1
        place += gap + 1
    if ones:
        yield 1, ones
