"""What is wrong with a packed object."""


class PackedError(Exception):
    """A packed object is not what this run's mappers or its partition wrote, or does not hold all of it.

    Attributes:
        name: the object, such as `s3://bucket/run/packed/3`.
        problem: what is wrong with it, as a sentence's second half: "is cut off".
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name, self.problem = name, problem

    def __str__(self) -> str:
        return f"the packed object {self.name} {self.problem}"
