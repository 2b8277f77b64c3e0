"""Clients that resume, cancel and clean up one run at once, in every order of their requests: none undoes what another did."""

import argparse
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import obstore
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.orchestration.ending import open_runs
from scripts.client import commands
from scripts.client.aws import objects, removal
from scripts.client.errors import ClientError, Interruption, StorageError, UsageError
from scripts.client.orchestrations import Progress
from scripts.client.report import console
from scripts.client.report.failure import CANCELLED
from scripts.client.running import resuming
from scripts.client.running.runs import StartedRun
from scripts.client.stored import claim, turns
from scripts.client.stored.claim import Claim
from tests.fakes.client_memory import MemoryAws
from tests.fakes.interleaving import Actor, Interleaving, Killed

FAILURE = {"run": "r1", "error": "ValueError", "message": "poisoned"}
RESULT, FAILED, RUN = "r1/result.json", "r1/failed.json", "r1/run.json"
DEADLINE = 1_795_000_000
REQUESTS = ("get", "put", "head", "delete", "list")


@dataclass
class Client:
    """What one client does, whether its start fails, and what befalls it at which of its requests."""

    does: str
    fails: bool = False
    fault: tuple[int, type[BaseException]] | None = None


@dataclass
class World:
    """A run that has failed, and what happens to it.

    Attributes:
        events: "start", "clean" in their order.
        ends: how the functions end that were started: "result" or "recorder", or "never".
    """

    draws: list[int]
    ends: str = "result"
    events: list[str] = field(default_factory=list)
    aws: Any = field(default_factory=MemoryAws)

    def __post_init__(self) -> None:
        self.interleaving = Interleaving(self.draws)
        self.aws.deployment.buckets = {"shuffle": "shuffle", "results": "results"}
        self.aws.deployment.orchestration, self.aws.deployment.options = "http_sync_s3", ""
        self.aws.bucket = lambda name: self.aws.stores[name]
        self.results = self.aws.store("results")
        self.aws.put("results", FAILED, FAILURE)
        obstore.put(self.results, RUN, claim._body(Claim("r1", "http_sync_s3", 2, None, "shuffle")))

    def left(self) -> set[str]:
        return {key for key in self.aws.bodies("results") if not key.startswith(open_runs.PREFIX)}

    def marked(self) -> bool:
        return open_runs.marker("r1", DEADLINE) in self.aws.bodies("results")

    def functions(self) -> None:
        """What was set off: a failed run's functions do nothing."""
        store = self.results
        if objects.exists(store, FAILED):
            return
        if self.ends == "result":
            objects.create(store, RESULT, b"{}")
        elif self.ends == "recorder":
            objects.create(store, FAILED, json.dumps({"error": "KeyError"}).encode())

    def add(self, client: Client) -> Actor:
        orchestration = SimpleNamespace(
            aws=self.aws,
            run_id="r1",
            resume=lambda size, attended: self.start(client),
            cancel=lambda: None,
            remove=lambda size: self.remove(),
            progress=lambda size: Progress(),
            sizes=lambda size: {},
            verdict=lambda: None,
            has_keeper=True,
        )
        run = StartedRun(self.aws, orchestration, "r1", "shuffle", 2, False)  # type: ignore[arg-type]
        command, _, force = client.does.partition(" ")
        options = argparse.Namespace(run=run, force=bool(force), no_wait=True, quiet=True)
        does = {"resume": resuming.resume, "cancel": commands.cancel, "clean": commands.clean}[command]
        return self.interleaving.add(client.does, lambda: does(options), client.fault)

    def start(self, client: Client) -> list[str]:
        self.interleaving.step()
        if client.fails:
            raise StorageError("s3:PutObject", "returns", "r1/x", "no")
        self.events.append("start")
        self.interleaving.add("functions", self.functions)
        return ["mapper 1"]

    def remove(self) -> None:
        self.events.append("clean")

    def play(self, patch: pytest.MonkeyPatch, clients: list[Client]) -> list[Actor]:
        def stepping(request: Any) -> Any:
            def call(*arguments: Any, **more: Any) -> Any:
                self.interleaving.step()
                return request(*arguments, **more)

            return call

        for module in (objects, removal):
            patch.setattr(module, "obstore", SimpleNamespace(**{name: stepping(getattr(obstore, name)) for name in REQUESTS}))
        for module in (turns, claim):
            patch.setattr(module, "time", self.interleaving)
        for module in (resuming, commands):
            patch.setattr(module, "find_run", lambda options, run: run)
            patch.setattr(module, "say", lambda text: None)
        patch.setattr(resuming, "run_deadline", lambda *_: DEADLINE)
        patch.setattr(console, "say", lambda text: None)
        actors = [self.add(client) for client in clients]
        self.interleaving.run()
        for actor in actors:
            assert actor.error is None or isinstance(actor.error, ClientError | KeyboardInterrupt | Killed), actor.error
        return actors


def play(draws: list[int], clients: list[Client], ends: str = "result") -> tuple[World, list[Actor]]:
    world = World(draws, ends)
    with pytest.MonkeyPatch.context() as patch:
        return world, world.play(patch, clients)


FAULTS = st.one_of(st.none(), st.none(), st.tuples(st.integers(0, 14), st.sampled_from([Killed, KeyboardInterrupt])))
DOES = st.sampled_from(["resume", "resume", "resume --force", "cancel", "clean"])
CLIENTS = st.lists(st.builds(Client, DOES, st.booleans(), FAULTS), min_size=2, max_size=3)
DRAWS = st.lists(st.integers(0, 5), max_size=40)
RESUMES = st.lists(st.builds(Client, st.sampled_from(["resume", "resume --force"]), st.booleans()), min_size=2, max_size=3)


@settings(max_examples=100)
@given(DRAWS, RESUMES)
@example([0, 1], [Client("resume"), Client("resume", fails=True)])
def test_resumed_run_is_killed_by_no_other_resume(draws: list[int], clients: list[Client]) -> None:
    world, actors = play(draws, clients)

    if "start" in world.events:
        assert world.left() == {RESULT, RUN}
    else:
        assert world.left() == {FAILED, RUN}
        assert all(actor.error is not None for actor in actors)
    assert world.aws.bodies("results")[RUN]["turn"] is None


@settings(max_examples=300)
@given(DRAWS, CLIENTS, st.sampled_from(["result", "recorder"]))
@example([2, 0], [Client("resume"), Client("cancel")], "result")
def test_run_is_left_open_by_no_order_of_clients(draws: list[int], clients: list[Client], ends: str) -> None:
    world, actors = play(draws, clients, ends)

    left = world.left()
    if not any(actor.killed or isinstance(actor.error, KeyboardInterrupt) for actor in actors):
        if {RESULT, FAILED} <= left:
            # A function that was at work may store the result after whoever cancels has looked for the last time.
            assert world.aws.bodies("results")[FAILED]["error"] == CANCELLED
        interrupted = any(isinstance(actor.error, Interruption) for actor in actors)
        assert left == set() or left & {RESULT, FAILED} or ("start" not in world.events and interrupted)
    assert world.marked() or "start" not in world.events or "clean" in world.events
    if "clean" in world.events:
        assert "start" not in world.events[world.events.index("clean") :]


@pytest.mark.parametrize("at", range(16))
@pytest.mark.parametrize("fails", [False, True])
def test_interrupted_resume_leaves_all_as_it_was_or_goes_on_and_says_which(at: int, fails: bool) -> None:
    world, (actor,) = play([], [Client("resume", fails, (at, KeyboardInterrupt))], "never")

    assert world.aws.bodies("results")[RUN]["turn"] is None or "goes on" in str(actor.error)
    if "start" in world.events:
        assert actor.error is None or "goes on" in str(actor.error)
        assert world.left() == {RUN}
    else:
        assert "goes on" not in str(actor.error)
        assert world.left() == {RUN, FAILED}


@settings(max_examples=100)
@given(DRAWS, st.integers(0, 14), st.booleans())
def test_run_whose_resume_died_can_be_resumed_or_begun_again(draws: list[int], dies: int, fails: bool) -> None:
    world, _ = play(draws, [Client("resume", fails, (dies, Killed))])

    again = World(draws)
    again.aws, again.results = world.aws, world.results
    with pytest.MonkeyPatch.context() as patch:
        (actor,) = again.play(patch, [Client("resume" if FAILED in world.left() else "resume --force")])

    if RESULT in world.left() and again.events == []:
        assert isinstance(actor.error, UsageError)
    else:
        assert actor.error is None
    assert FAILED not in again.left()


@settings(max_examples=100)
@given(DRAWS, st.integers(0, 20))
def test_run_whose_cleaning_died_is_not_resumed_and_can_be_cleaned(draws: list[int], dies: int) -> None:
    world, (cleaner,) = play(draws, [Client("clean", fault=(dies, Killed))])
    begun = cleaner.killed and world.aws.bodies("results").get(RUN, {"turn": 1})["turn"]

    for does in ("resume --force", "clean") if begun else ():
        again = World(draws)
        again.aws, again.results = world.aws, world.results
        left = world.left()
        with pytest.MonkeyPatch.context() as patch:
            (actor,) = again.play(patch, [Client(does)])
        if does == "clean":
            assert actor.error is None or left <= {RUN}
            assert again.left() == set()
        else:
            assert isinstance(actor.error, UsageError)
            assert again.events == []


def test_failure_of_a_run_that_was_resumed_by_force_meanwhile_is_not_put_back() -> None:
    """The first client stops after it has removed the failure; the second takes over; then the first one's start fails."""
    world = World([], "never")
    with pytest.MonkeyPatch.context() as patch:

        def start(client: Client) -> list[str]:
            if client.fails:
                world.interleaving.sleep(100)
                raise StorageError("s3:PutObject", "returns", "r1/x", "no")
            return World.start(world, client)

        patch.setattr(world, "start", start, raising=False)
        world.play(patch, [Client("resume", fails=True), Client("resume --force")])

    assert world.events == ["start"]
    assert world.left() == {RUN}


def test_cancelling_outlasts_a_resume_by_force_that_looked_before() -> None:
    world = World([])
    obstore.delete(world.results, FAILED)
    with pytest.MonkeyPatch.context() as patch:
        swap = claim.swap

        def cancelled_meanwhile(*arguments: Any) -> bool:
            patch.setattr(claim, "swap", swap)
            obstore.put(world.results, FAILED, json.dumps({"error": "Cancelled"}).encode())
            return swap(*arguments)

        patch.setattr(claim, "swap", cancelled_meanwhile)
        world.play(patch, [Client("resume --force")])

    assert world.aws.bodies("results")[FAILED] == {"error": "Cancelled"}
    assert RESULT not in world.left()
