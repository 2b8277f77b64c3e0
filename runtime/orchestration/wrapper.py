"""The wrapper around a component function, the same in every orchestration: ingress -> component -> egress, and one log line."""

import importlib
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

from runtime.concurrency import at_once
from runtime.orchestration.contract import Delivery, Invocation, Invoke, LambdaContext, Orchestration, Outcomes
from runtime.orchestration.ending.result import how_ended
from runtime.orchestration.log import LogLine
from runtime.orchestration.ownership import check_ownership
from runtime.orchestration.safe_text import presentable
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.counters import store_counters
from runtime.orchestration.values.json_objects import Found
from runtime.ports import Ports, ports, using
from runtime.record import replace
from runtime.run import Run, current_run, deadline_in, within

Component = Callable[[Any, Any], Any]


class Wrapper:
    """A Lambda handler: `wrapper(event, context)`.

    Args:
        settings: the function's.
        orchestration: how it meets the others.
        component: what it computes.
        own: the services that it uses; None for those that are in force when it is called.
        kills: exceptions with which a simulation ends a function. On Lambda, nothing is raised where a function is killed.
    """

    def __init__(
        self,
        settings: Settings,
        orchestration: Orchestration,
        component: Component,
        own: Ports | None = None,
        kills: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._settings, self._orchestration, self._component = settings, orchestration, component
        self._own, self._kills = own, kills
        self._cold = True

    def __call__(self, event: Any, context: LambdaContext) -> Any:
        """Handle one event: each delivery in it by itself, so that one's failure takes no other with it.

        Raises:
            Exception: what the orchestration leaves to the platform to retry and, in the end, to record. Whatever was raised, the
                platform can tell of it, see `safe_text.presentable`.
        """
        try:
            with using(self._own or ports()):
                return self._orchestration.answer(self._outcomes(event, context))
        except self._kills:
            raise
        except BaseException as error:
            raise presentable(error) from None

    def _outcomes(self, event: Any, context: LambdaContext) -> Outcomes:
        outcomes = Outcomes([], [])
        for delivery in self._orchestration.deliveries(event):
            try:
                outcomes.results.append(self._handle(delivery, context))
            except Exception as error:
                outcomes.failures.append((delivery, error))
        return outcomes

    def _handle(self, delivery: Delivery, context: LambdaContext) -> Any:
        cold, self._cold = self._cold, False
        with LogLine(self._settings, context, cold) as line:
            with line.phase("ingress"):
                invocation = self._orchestration.ingress(delivery.event, context)
            remaining_seconds = context.get_remaining_time_in_millis() / 1000
            run = _run_of(invocation, Run(deadline=deadline_in(remaining_seconds, ports().clock.monotonic())))
            with within(run):
                line.describe(invocation, run)
                try:
                    with line.phase("ingress"):
                        admitted = self._orchestration.admit(invocation)
                    if isinstance(admitted, str):
                        return self._turn_back(invocation, admitted, line)
                    invocation = admitted
                    line.describe(invocation, run)
                    # How large a fan-out is may be known only now.
                    with within(_run_of(invocation, run)):
                        return self._work(invocation, line)
                except self._kills:
                    raise
                except BaseException as error:
                    # Also SystemExit and its like, by which user code would end the process: nobody could tell why.
                    known = presentable(error)
                    if not self._orchestration.failed(invocation, known):
                        raise known from None
                    line.failed_for_good(known)
                    return None

    def _work(self, invocation: Invocation, line: LogLine) -> Any:
        with line.phase("ingress"):
            # Asked at once, so that the question whether the run has ended costs no time of its own.
            end, done = self._look(invocation)
            if end is not None:
                return self._turn_back(invocation, end, line)
            if invocation.unclaimed:
                from runtime.orchestration.ending.open_runs import mark_by_default

                mark_by_default(self._settings.results_bucket, invocation.run_id)
            value = done.value if done else self._orchestration.read(invocation)
        if done is None:
            check_ownership(self._settings, value)
            with line.phase("component"):
                value = self._component(value, invocation.context)
        else:
            invocation.notes["duplicate"] = True
        with line.phase("egress"):
            if done is None:
                store_counters(self._settings.results_bucket, self._settings.function, current_run())
            return self._orchestration.egress(invocation, value)

    def _look(self, invocation: Invocation) -> tuple[str | None, Found | None]:
        """Return how the run has ended, if it has, and what an earlier invocation with the same work returned."""
        looks: list[Callable[[], Any]] = [
            partial(how_ended, self._settings.results_bucket, invocation.run_id),
            partial(self._orchestration.stored, invocation),
        ]
        end, done = at_once(looks)
        return end, done

    def _turn_back(self, invocation: Invocation, reason: str, line: LogLine) -> Any:
        line.turned_back(reason)
        return self._orchestration.turned_back(invocation, reason)


def _run_of(invocation: Invocation, run: Run) -> Run:
    """The invocation's place in its run; deadline and counters are `run`'s."""
    size = invocation.size or invocation.index if invocation.index else 1
    return replace(run, run_id=invocation.run_id, index=invocation.number, size=size)


def load_component(function: str) -> Component:
    """The component function of that name, as a plain Lambda would have it.

    One that can't be imported (a syntax error in `user_map.py`, a package missing from the layer) raises that when it is called:
    within a run, so that the attempt counts and the failure is recorded. A function that ended at its start could do neither.
    """
    try:
        component: Component = importlib.import_module(f"functions.{function}.{function}").lambda_handler
    except BaseException as error:
        known = presentable(error)
        return partial(_raise, known, known.__traceback__)
    return component


def _raise(error: Exception, traceback: TracebackType | None, *_: Any) -> Any:
    # Raised as it was the first time: its traceback would grow with each invocation of a warm function.
    raise error.with_traceback(traceback)


def load_orchestration(settings: Settings, invoke: Invoke) -> Orchestration:
    """The orchestration that the settings name. Only its module is imported: cold starts pay for nothing else."""
    module = importlib.import_module(f"runtime.orchestration.{settings.orchestration}.orchestration")
    orchestration: Orchestration = module.make(settings, invoke)
    return orchestration


def build(settings: Settings, invoke: Invoke, own: Ports | None = None) -> Wrapper:
    """The handler of one deployed function."""
    return Wrapper(settings, load_orchestration(settings, invoke), load_component(settings.function), own)
