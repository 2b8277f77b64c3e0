"""What is wrong with a run's pairs."""

OTHERWISE = (
    "user_map emitted something else when a mapper ran again (for the same text it must emit the same: nothing that depends on "
    "chance or time), or something else writes there"
)
"""The probable cause of pairs that no mapper tells of."""


class ObjectsError(ValueError):
    """The objects under a destination are not what the mappers of this run wrote, or not all of it."""
