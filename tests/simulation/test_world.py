"""The scheduler: time, turns and death."""

from collections.abc import Callable
from typing import Any

from tests.simulation.world import START_SECONDS, Killed, World


def start(world: World, body: Callable[[], Any], seconds: float = 1e9) -> list[tuple[Any, str | None]]:
    endings: list[tuple[Any, str | None]] = []
    world.start("process", seconds, body, lambda outcome, cause: endings.append((outcome, cause)))
    return endings


def test_whoever_is_due_first_goes_on_first() -> None:
    world, order = World(1, 100), []

    def sleeper(name: str, *pauses: float) -> Callable[[], None]:
        def body() -> None:
            for pause in pauses:
                world.pause(pause)
                order.append((name, world.now - START_SECONDS))

        return body

    start(world, sleeper("a", 1, 4))
    start(world, sleeper("b", 2, 1))
    world.run()

    assert order == [("a", 1), ("b", 2), ("b", 3), ("a", 5)]


def test_dead_process_does_nothing_more_even_where_it_catches_errors() -> None:
    world, done = World(1, 100), []

    def body() -> None:
        try:
            world.running.process.die("Runtime.ExitError")  # type: ignore[union-attr]
        except Exception:
            done.append("caught as an error")
        finally:
            try:
                world.pause(1)
                done.append("went on")
            except Killed:
                pass

    endings = start(world, body)
    world.run()

    assert done == []
    assert endings == [(None, "Runtime.ExitError")]


def test_process_dies_when_its_time_is_up() -> None:
    world = World(1, 100)

    endings = start(world, lambda: world.pause(50), seconds=10)
    world.run()

    assert endings == [(None, "Sandbox.Timedout")]
    assert world.now == START_SECONDS + 10


def test_all_threads_of_a_process_die_with_it() -> None:
    world, done = World(1, 100), []

    def body() -> None:
        process = world.running.process  # type: ignore[union-attr]

        def fork() -> None:
            world.pause(1)
            process.die("Runtime.ExitError")

        world.fork(process, fork)
        world.pause(2)
        done.append("went on")

    endings = start(world, body)
    world.run()

    assert done == []
    assert endings == [(None, "Runtime.ExitError")]


def test_what_never_ends_is_late() -> None:
    world = World(1, 100)

    def body() -> None:
        while True:
            world.pause(1)

    start(world, body)
    world.run()

    assert world.late


def test_what_waits_for_nothing_is_left_behind() -> None:
    world = World(1, 100)

    endings = start(world, world.block, seconds=float("inf"))
    world.run()

    assert not world.late
    assert endings == []
