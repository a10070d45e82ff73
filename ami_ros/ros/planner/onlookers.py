# SPDX-License-Identifier: Apache-2.0
"""Shows what the planner thinks to those who listen, in a thread that the planner never waits for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.system.priority import step_back
from ami_ros.types import Goal, Observation, Plan

AFTER_S = 0.005  # by then the proposal that the plan became is on its way


class Thought(NamedTuple):
    """A plan, and what it was made from."""

    plan: Plan
    observation: Observation


class Onlooker(Protocol):
    """One topic that shows thoughts."""

    def listens(self) -> bool:
        """Return whether anybody subscribes; called for each plan, in the planner's thread."""

    def show(self, thought: Thought) -> None:
        """Compute and publish, in the onlookers' thread."""


class Onlookers:
    """A `Follower` that hands the newest plan to a thread of the least urgent priority.

    A plan that comes while the thread is busy replaces the one that waits: only the newest counts. One that
    missed its deadline is not shown: the machine has no time to spare.

    Args:
        onlookers: what there is to see.
        errors: receives what they raise.

    Attributes:
        dropped: plans that nobody saw, because a newer one came or there was no time.
    """

    def __init__(self, onlookers: Sequence[Onlooker], errors: ErrorLog) -> None:
        self._onlookers, self._errors = onlookers, errors
        self._changed = threading.Condition()
        self._waiting: tuple[Thought, list[Onlooker]] | None = None
        self._ended = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="onlookers", daemon=True)
        self._thread.start()

    def pursue(self, goal: Goal | None) -> None:
        """Do nothing: the next plan shows it."""

    def restart(self) -> None:
        """Do nothing: the next plan shows it."""

    def see(self, observation: Observation, plan: Plan | None) -> None:
        """Hand on a plan, if somebody listens."""
        listening = [one for one in self._onlookers if one.listens()] if plan is not None else []
        if plan is None or not listening:
            return
        if not plan.deadline_met:
            self.dropped += 1
            return
        with self._changed:
            self.dropped += self._waiting is not None
            self._waiting = Thought(plan, observation), listening
            self._changed.notify()

    def close(self) -> None:
        """End the thread, after what it is doing."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        step_back()
        while (waiting := self._next()) is not None:
            thought, listening = waiting
            for onlooker in listening:
                try:
                    onlooker.show(thought)
                except Exception as error:  # nobody who watches may end the planner
                    self._errors.report("show", error)

    def _next(self) -> tuple[Thought, list[Onlooker]] | None:
        """Return the newest plan, when there is one; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._waiting is not None)
            self._changed.wait_for(lambda: self._ended, AFTER_S)
            waiting, self._waiting = self._waiting, None
            return None if self._ended else waiting
