"""Objects in S3 to ranges: each byte once, in as many chunks as are wanted, and little held for many of them."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from runtime.encoding import encode
from runtime.mapreduce.ranged.opening import Form
from runtime.mapreduce.ranged.piece import Range
from scripts.client.input.chunks import bytes_in
from scripts.client.input.ranges import Listed, ranges
from scripts.client.input.settling import settle
from scripts.client.input.spooled import spooled
from scripts.client.orchestrations.handing_over import place


@given(st.lists(st.integers(1, 90), max_size=9), st.integers(1, 40))
def test_ranges_are_each_object_once_and_no_chunk_is_larger_than_asked(sizes: list[int], limit: int) -> None:
    objects = [Listed(f"s3://bucket/{i}", f'"{i}"', size) for i, size in enumerate(sizes)]

    chunks = [[Range.parse(piece) for piece in content["pieces"]] for content in ranges(objects, limit, Form())]

    pieces = [piece for chunk in chunks for piece in chunk]
    for each in objects:
        own = [piece for piece in pieces if piece.url == each.url]
        assert [piece.start for piece in own] == list(range(0, each.size, limit))
        assert [piece.end for piece in own] == [*(piece.start for piece in own[1:]), each.size]
    assert all(sum(piece.end - piece.start for piece in chunk) <= limit for chunk in chunks)


def test_compressed_object_counts_as_the_text_in_it() -> None:
    packed, plain = ({"pieces": [{"url": f"s3://bucket/a{end}", "start": 0, "end": 100}]} for end in (".GZ", ".txt"))

    assert bytes_in(packed) > bytes_in(plain) == 100


def test_pieces_say_of_their_text_what_is_not_the_default() -> None:
    form = Form("csv", "latin-1", ["a", "b"], multiline=False)
    (listed,) = [Listed("s3://bucket/a.csv", '"1"', 5)]

    plain, told = (next(ranges([listed], 9, each))["pieces"][0] for each in (Form(), form))

    assert plain == {"url": "s3://bucket/a.csv", "etag": '"1"', "start": 0, "end": 5, "size": 5}
    assert Range.parse(told).form == form


def test_ten_thousand_chunks_are_planned_and_handed_over_in_little_memory() -> None:
    objects = [Listed(f"s3://bucket/logs/access-{i}.log", f'"{i:032x}"', 8 << 20) for i in range(10_000)]
    store = MemoryStore()

    tracemalloc.start()
    elements = spooled(ranges(objects, 8 << 20, Form()))
    chunks, *_ = settle(elements, {"shuffle": "shuffle"}, None, 64, {"shuffle": "packed"})
    data = place(store, "run", "mapper", chunks, 900_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(data) == len(chunks) == 10_000
    assert len(encode(data)) <= 900_000
    assert most < 64 << 20
