"""Text such as a book's: few words make up most of it, many occur once, and punctuation sticks to them."""

from random import Random

_SYLLABLES = (
    "an",
    "be",
    "da",
    "el",
    "for",
    "ga",
    "hi",
    "in",
    "lo",
    "mer",
    "no",
    "or",
    "pha",
    "ro",
    "sta",
    "the",
    "ü",
    "ve",
    "wy",
)
_ENDS = ("", "", "", "", "", "", ",", ".", ";", "!", "'s", "—")


def book(words: int, seed: int = 1) -> str:
    """A text of so many words, in lines; the same for the same seed."""
    random = Random(seed)
    vocabulary = ["".join(random.choices(_SYLLABLES, k=random.randint(1, 4))) for _ in range(max(1, words // 3))]
    weights = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    found = [word + random.choice(_ENDS) for word in random.choices(vocabulary, weights, k=words)]
    return "\n".join(" ".join(found[start : start + 11]) for start in range(0, words, 11)) + "\n"
