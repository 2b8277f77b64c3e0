"""What is wrong with a run's pairs."""


class ObjectsError(ValueError):
    """The objects under a destination are not what the mappers of this run wrote, or not all of it."""
