"""The programmer's reduce function: what becomes of all that was emitted for one word. Replace the body with your own."""


def user_reduce(word: str, ones: list[int]) -> int:
    """Return the number of occurrences: the sum of `ones`, which holds a 1 for each time that `word` was emitted."""
    return sum(ones)
