"""The sizes at which the runtime takes another way."""

from runtime.limits import LIMITS


def test_limits_are_no_smaller_than_what_they_are_for() -> None:
    sizes = vars(LIMITS)

    assert {name for name, size in sizes.items() if name.endswith("_bytes") and size < 4096} == set()
    assert {name for name, size in sizes.items() if size < 16} == set()
