"""Texts to measure with, the same for the same seed on every machine: `python -m scripts.bench.text --megabytes 20 --seed 0`.

Three kinds:

    zipf        words about as frequent as in English: the n-th of 87,000 made-up words has a share in proportion to
                (n + 2.7) ** -1.12, and the frequent ones are short. A word and its blank have 5.3 bytes, a line some 80, a
                megabyte some 190,000 words, of which 29,000 are different
    one word    the same one, as often as is asked for
    distinct    as many different words as are asked for, of 14 letters each, in an order that is not sorted

Choosing one of so many words 19 million times is the work here. So their shares are first written down as a table of a million
places, each of which holds a word; then 20 random bits choose one. The rarest of the vocabulary get no place.
"""

import argparse
import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import log
from random import Random

MEGABYTE = 1_000_000

_VOCABULARY = 100_000
_ZIPF_SHIFT = 2.7
_ZIPF_EXPONENT = 1.12
_TABLE_BITS = 20
_BLOCK_WORDS = 15 << 12
_LINE_WORDS = 15
_LETTERS = "eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllllcccuuummmwwffggyyppbbvk"
"""Each about as often as in a hundred letters of English."""

_SHORTEST_LETTERS = 2.1
_LONGER_PER_RANK = 0.44
"""How many letters the n-th word has on average: the first number, and the second times the logarithm of n."""

_PRIME = 11_881_379
"""Each number below it, times any other, leaves another remainder."""
_FACTOR = 7_368_787
_DISTINCT_LETTERS = 14


def zipf(megabytes: float, seed: int = 0) -> Iterator[str]:
    """A text of at most that size, in blocks of whole lines. It is as long as whole words allow."""
    random = Random(seed)  # noqa: S311  (nobody has to guess it)
    table = _table(_vocabulary(random))
    left = round(megabytes * MEGABYTE)
    while left > 0:
        numbers = array("I", random.randbytes(4 * _BLOCK_WORDS))
        if sys.byteorder == "big":
            numbers.byteswap()
        block = _lines([table[number >> 32 - _TABLE_BITS] for number in numbers])
        if len(block) > left:
            yield block[: max(block.rfind(" ", 0, left), block.rfind("\n", 0, left))] + "\n"
            return
        yield block
        left -= len(block)


def one_word(times: int) -> Iterator[str]:
    """The same word, that many times."""
    for begin in range(0, times, _BLOCK_WORDS):
        yield _lines(["the"] * min(_BLOCK_WORDS, times - begin))


def distinct(number: int) -> Iterator[str]:
    """That many different words.

    Raises:
        ValueError: there are not so many.
    """
    if number > _PRIME:
        raise ValueError(f"there are {_PRIME:,} different words; {number:,} were asked for")
    for begin in range(0, number, _BLOCK_WORDS):
        places = range(begin, min(begin + _BLOCK_WORDS, number))
        yield _lines([_spelled(place * _FACTOR % _PRIME) for place in places])


def _vocabulary(random: Random) -> list[str]:
    """Different words, the most frequent first."""
    words: dict[str, None] = {}
    for rank in range(1, _VOCABULARY + 1):
        letters = _SHORTEST_LETTERS + _LONGER_PER_RANK * log(rank)
        word = ""
        while not word or word in words:
            length = max(1, round(random.gauss(letters, letters / 4)))
            word = "".join(random.choices(_LETTERS, k=length))
            letters += 0.1
        words[word] = None
    return list(words)


def _table(words: Sequence[str]) -> list[str]:
    shares = list(accumulate((rank + _ZIPF_SHIFT) ** -_ZIPF_EXPONENT for rank in range(1, len(words) + 1)))
    places = [round(share / shares[-1] * (1 << _TABLE_BITS)) for share in shares]
    table: list[str] = []
    for word, end in zip(words, places, strict=True):
        table += [word] * (end - len(table))
    return table


def _lines(words: Sequence[str]) -> str:
    lines = [" ".join(words[begin : begin + _LINE_WORDS]) for begin in range(0, len(words), _LINE_WORDS)]
    return "\n".join(lines) + "\n"


def _spelled(number: int) -> str:
    """Another word for each number below 26**5: five letters say which, others follow to make it long."""
    word = ""
    for _ in range(5):
        number, letter = divmod(number, 26)
        word += chr(97 + letter)
    return (word + word[::-1] + word)[:_DISTINCT_LETTERS]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one text to stdout."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.text", description="Write a text to measure with to stdout.")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--megabytes", type=float, metavar="N", help="words by Zipf's law, so many million bytes of them")
    kind.add_argument("--one-word", type=int, metavar="N", help="one word, so many times")
    kind.add_argument("--distinct", type=int, metavar="N", help="so many different words")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed gives another text (--megabytes)")
    options = parser.parse_args(arguments)
    if options.megabytes is not None:
        blocks = zipf(options.megabytes, options.seed)
    else:
        blocks = one_word(options.one_word) if options.distinct is None else distinct(options.distinct)
    for block in blocks:
        sys.stdout.write(block)
    return 0


if __name__ == "__main__":
    sys.exit(main())
