"""How many chunks and reducers a run gets where nobody says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.input.chunking import chunk_by_size
from scripts.client.input.layout import OBJECTS, PACKED
from scripts.client.input.sizing import MIB, Sizing, bytes_shown, utf8_bytes

PACKED_512 = Sizing(PACKED, 512)
LINE = "to be or not to be that is the question\n"


def text_of(size: int) -> str:
    return (LINE * (size // len(LINE) + 1))[: size - 1] + "\n"


@pytest.mark.parametrize("size", [None, 0, 1, 10**6, 10**9])
def test_objects_have_chunks_of_64_kib(size):
    assert Sizing(OBJECTS, 512).chunk_bytes(size) == 65536


def test_objects_have_the_missions_number_of_reducers():
    assert Sizing(OBJECTS, 512).reducers([5 * 10**6]) is None


@pytest.mark.parametrize(
    ("size", "chunks"),
    [(1000, 1), (125_000, 1), (MIB, 1), (MIB + 1, 2), (5 * MIB, 2), (9 * MIB, 3), (20 * MIB, 5), (40 * MIB, 8)],
)
def test_packed_text_is_cut_into_few_even_chunks(size, chunks):
    cut = [utf8_bytes(chunk) for chunk in chunk_by_size([text_of(size)], PACKED_512.chunk_bytes(size))]

    assert len(cut) == chunks
    assert min(cut) > 0.8 * max(cut)


@pytest.mark.parametrize("size", [None, 128 * MIB - 1, 10**12])
def test_no_packed_chunk_is_larger_than_the_largest(size):
    assert PACKED_512.chunk_bytes(size) == 8 * MIB


@pytest.mark.parametrize(("memory", "most"), [(128, MIB * 16 // 20), (256, MIB * 144 // 20), (10240, 8 * MIB)])
def test_a_packed_chunk_fits_the_mappers_memory(memory, most):
    assert Sizing(PACKED, memory).chunk_bytes(None) == min(most, 8 * MIB)


@pytest.mark.parametrize(
    ("size", "reducers"), [(0, 1), (4 * MIB, 1), (5 * MIB, 2), (20 * MIB, 3), (100 * MIB, 8), (2000 * MIB, 64)]
)
def test_packed_reducers_grow_with_the_text(size, reducers):
    assert PACKED_512.reducers([min(size, MIB)] * max(1, size // MIB)) == reducers


@given(st.integers(0, 10**10), st.integers(128, 10240))
def test_a_chunk_is_never_too_large_for_the_memory_nor_too_small_for_progress(size, memory):
    found = Sizing(PACKED, memory).chunk_bytes(size)

    assert 4096 <= found <= 8 * MIB
    assert found * 20 <= (memory - 112) * MIB or found <= 65536


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (812, "812 bytes"),
        (65536, "64 KiB"),
        (4200, "4.1 KiB"),
        (1_019_700, "996 KiB"),
        (8 * MIB, "8 MiB"),
        (2_600_000, "2.5 MiB"),
    ],
)
def test_sizes_are_shown_in_few_digits(number, shown):
    assert bytes_shown(number) == shown


@pytest.mark.parametrize("text", ["", "to be", "hé", "😀"])
def test_bytes_of_a_text(text):
    assert utf8_bytes(text) == len(text.encode())
