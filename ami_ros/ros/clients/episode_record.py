# SPDX-License-Identifier: Apache-2.0
"""From the messages of one episode to its EpisodeResult."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ami_ros.errors import ProcessError
from ami_ros.report.film import Film
from ami_ros.report.gate_statistics import GateCounts
from ami_ros.ros.clients.gate_record import GateRecord
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus
from ami_ros.ros.wire.verdicts import Judgement
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.sim.tasks.yardstick import Yardstick
from ami_ros.types import FloatArray, ImageArray, Level


class EpisodeRecorder:
    """Collects the nodes' messages during one episode.

    Args:
        seed: seed of the episode.
        steps: number of control steps.
        step_ns: duration of a control step.
        block_ns: duration of an action block.
        goal_stamp_ns: stamp of the goal; a goal without one is named by its later arrival.
        shown: names of the values of `World.snapshot`, which every truth contains.
        yardstick: the task's yardstick.
        sees: whether the robot has a camera.
        film: collects what was expected and what happened; None for no film.

    Attributes:
        final: the simulator has published its last truth.
        messages: number of truths so far.
        faults: unsafe commands and timeouts, counted by the simulator.
    """

    def __init__(
        self,
        seed: int,
        steps: int,
        step_ns: int,
        block_ns: int,
        goal_stamp_ns: int,
        shown: Sequence[str],
        yardstick: Yardstick,
        sees: bool,
        film: Film | None = None,
    ) -> None:
        self._film, self._block_ns = film, block_ns
        self._seed, self._steps, self._step_ns, self._goal_stamp_ns = seed, steps, step_ns, goal_stamp_ns
        self._shown, self._yardstick, self._sees = shown, yardstick, sees
        self._truths: dict[int, dict[str, Any]] = {}
        self._statuses: dict[int, GoalStatus] = {}
        self._commanded: dict[int, FloatArray] = {}
        self._image: ImageArray | None = None
        self._levels = {level.name: 0 for level in Level}
        self._gate = GateRecord()
        self.final = False
        self.messages = 0
        self.faults: dict[str, int] = {}

    def see_truth(self, truth: dict[str, Any], commanded: FloatArray | None = None) -> None:
        """Take one truth, and the set points (C,) that a plant has then; ignore those of another episode."""
        if truth["seed"] != self._seed or self.final:
            return
        self._truths[int(truth["step"])] = truth
        if commanded is not None:
            self._commanded[int(truth["step"])] = commanded
        self.messages += 1
        self.final = bool(truth["final"])
        self.faults = {name: int(truth.get(name, 0)) for name in ("unsafe_commands", "timeouts")}

    def see_image(self, image: ImageArray, stamp_ns: int) -> None:
        """Take a camera image; the newest one counts."""
        self._image = image
        if self._film is not None:
            self._film.see(image, stamp_ns)

    def see_imagination(self, strip: ImageArray, stamp_ns: int) -> None:
        """Take what the planner expects to see."""
        if self._film is not None:
            self._film.expect(strip, stamp_ns)

    def see_status(self, status: GoalStatus) -> None:
        """Take a report of the planner; ignore those without a plan, or about an earlier goal."""
        if status.plan_ms is not None and status.goal_stamp_ns >= self._goal_stamp_ns:
            self._statuses[status.stamp_ns] = status

    def see_verdict(self, judgement: Judgement) -> None:
        """Count a verdict of the gate."""
        self._gate.see(judgement)
        self._levels[judgement.verdict.level.name] += 1

    def complete(self) -> bool:
        """Whether every step's truth and plan has arrived."""
        return self.final and len(self._truths) > self._steps and len(self._plans()) >= self._steps

    def gate_counts(self) -> GateCounts:
        """Return what the gate did in the steps received."""
        return self._gate.counts(sorted(int(truth["stamp_ns"]) for truth in self._truths.values()))

    def result(self, goal_image: ImageArray | None, wall_s: float) -> EpisodeResult:
        """Return the episode; its final image is the camera's last one.

        Raises:
            ProcessError: truths of some steps, all plans, or all images were lost.
        """
        lost = sorted(set(range(self._steps + 1)) - set(self._truths))
        statuses = self._plans()
        blind = self._sees and self._image is None
        if lost or not statuses or blind:
            raise ProcessError(
                f"episode of seed {self._seed}: got {len(self._truths)} truths (missing steps {lost}), "
                f"{len(statuses)} plans{' and no image' if blind else ''}, "
                f"expected all of {self._steps} steps"
            )
        truths = [self._truths[step] for step in range(self._steps + 1)]
        stamps = np.array([int(truth["stamp_ns"]) for truth in truths])
        expected, happened = (None if self._film is None else self._film.pair()) or (None, None)
        return EpisodeResult(
            seed=self._seed,
            error=np.array([truth["error"] for truth in truths]),
            arrived_step=self._arrived_step(statuses, truths),
            plan_ms=np.array([status.plan_ms for status in statuses]),
            moments={name: np.array([truth[name] for truth in truths]) for name in self._shown},
            goal_image=goal_image,
            final_image=self._image,
            levels=dict(self._levels),
            wall_s=wall_s,
            yardstick=self._yardstick,
            expected=expected,
            happened=happened,
            times=(stamps - stamps[0]) / 1e9,
            commanded=self._set_points(),
            foreseen=self._foreseen(statuses, int(stamps[0])),
            verdicts=self._gate.changes(int(stamps[0]), int(stamps[-1])),
        )

    def _set_points(self) -> FloatArray:
        if not self._commanded:
            return np.zeros((0, 0))
        unknown = np.full(len(next(iter(self._commanded.values()))), np.nan)
        return np.stack([self._commanded.get(step, unknown) for step in range(self._steps + 1)])

    def _foreseen(self, statuses: list[GoalStatus], begin_ns: int) -> dict[str, FloatArray]:
        """Return what each plan expects one action block after its observation."""
        names = dict.fromkeys(name for status in statuses for name in status.foreseen)
        return {
            name: np.array(
                [
                    ((status.stamp_ns - begin_ns + self._block_ns) / 1e9, status.foreseen[name])
                    for status in statuses
                    if name in status.foreseen
                ]
            )
            for name in names
        }

    def _plans(self) -> list[GoalStatus]:
        """Return the reports of plans in order, without the rehearsal's, stamped after the episode."""
        end = max((truth["stamp_ns"] for truth in self._truths.values()), default=0) + self._step_ns
        return [self._statuses[stamp] for stamp in sorted(self._statuses) if stamp <= end]

    def _arrived_step(self, statuses: list[GoalStatus], truths: list[dict[str, Any]]) -> int | None:
        first: GoalStatus | None = None
        for status in statuses:
            arrived = status.state is GoalState.ARRIVED
            first = (status if first is None else first) if arrived else None
        if first is None:
            return None
        # In real time an image is stamped a little before or after the truth of its step.
        stamps = np.array([truth["stamp_ns"] for truth in truths])
        step = int(np.searchsorted(stamps, first.stamp_ns + self._step_ns // 2)) - 1
        return min(max(step, 0), self._steps - 1)
