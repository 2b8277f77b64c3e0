"""Print a packed object so that people can read it: python -m runtime.mapreduce.packed FILE

Everything is checked that a run checks. Exit code 1, and what is wrong on standard error, if the object is damaged.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from runtime.mapreduce.packed.errors import PackedError
from runtime.mapreduce.packed.format import MERGED, PAIRS, Block, Contents, check_block, parse
from runtime.mapreduce.packed.merge import Part, check_numbers
from runtime.mapreduce.packed.merged import parse_references


def main(arguments: list[str]) -> int:
    """Print one file; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m runtime.mapreduce.packed", description="Print a packed object.")
    parser.add_argument("file", help="a mapper's object or a merged index, as it lies in S3; docs/packed.md says what is in it")
    name = parser.parse_args(arguments).file
    try:
        for line in described(name, Path(name).read_bytes()):
            print(line)
    except (OSError, PackedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def described(name: str, body: bytes) -> Iterator[str]:
    """The lines that describe an object. Raises PackedError: it is damaged; what came before is right."""
    contents = parse(name, body, len(body))
    yield from _head(contents)
    for block in contents.blocks:
        data = body[block.offset : block.offset + block.length]
        check_block(name, block, data)
        yield f"partition {block.partition}: {_numbers(block)}; {block.length} bytes at {block.offset}, sha256 {block.checksum}"
        if contents.kind == MERGED:
            yield from _references(name, contents, block, data)
        elif contents.kind == PAIRS:
            yield from _words(name, block, data)
        else:
            raise PackedError(name, f"is of a kind that nobody knows: {contents.kind!r:.200}")


def _head(contents: Contents) -> Iterator[str]:
    run = "outside a run" if contents.run is None else f"of run {contents.run}"
    if contents.kind == MERGED:
        yield f"merged index {run}, {contents.mappers} mappers"
    else:
        yield f"pairs of mapper {contents.mapper} of {contents.mappers}, {run}"
    combined = "combined to" if contents.combined else "and"
    yield f"{contents.emitted} pairs emitted, {combined} {contents.written} written, over {contents.num_reducer} partitions"


def _numbers(block: Block) -> str:
    return f"{block.pairs} pairs of {block.words} words, {'all with the value 1' if block.ones else 'with any values'}"


def _words(name: str, block: Block, data: bytes) -> Iterator[str]:
    parts, start = [], 0
    for number, lengths in enumerate(block.parts, 1):
        frames = []
        for length in lengths:
            frames.append(partial(bytes, data[start : start + length]))
            start += length
        parts.append(Part(name, frames, block.ones))
        yield f"  part {number}: {len(lengths)} frames"
        while parts[-1].has_more:
            for word, runs in zip(*parts[-1].read(), strict=True):
                yield f"    {json.dumps(word)} {json.dumps(runs)}"
    check_numbers(name, block, parts)


def _references(name: str, contents: Contents, block: Block, data: bytes) -> Iterator[str]:
    for each in parse_references(name, contents, block, data):
        found = each.block
        place = "inlined here" if each.inlined is not None else f"{found.length} bytes at {found.offset}"
        yield f"  {each.name}: {_numbers(found)}; {place}, sha256 {found.checksum}"
        if each.inlined is not None:
            check_block(name, found, each.inlined)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
