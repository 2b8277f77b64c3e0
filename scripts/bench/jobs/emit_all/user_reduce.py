"""The programmer's reduce function: what becomes of all that was emitted for one word. Replace the body with your own.

It returns a value that JSON has: a number, a string, True, False, None, a list, or a dict whose keys are strings.
"""


def user_reduce(word: str, ones: list[int]) -> int:
    """Return the number of occurrences: the sum of `ones`, which holds a 1 for each time that `word` was emitted."""
    return sum(ones)
