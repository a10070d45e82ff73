# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of a commissioning one by one, and stores the result after each goal and fault."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ami_ros.commissioning.core.agreement import agreement, cosines
from ami_ros.commissioning.core.judging import fault_problems, shadow_problems, speed_problems
from ami_ros.commissioning.core.record import BASELINES, FAULTS, SHADOW, Commissioning, StepRecord, StepState
from ami_ros.commissioning.core.trials import speed_figures
from ami_ros.commissioning.core.wording import gaps_text
from ami_ros.commissioning.folder import CommissionFolder, end_picture
from ami_ros.commissioning.nodes import Commission, PursuitNodes, ShadowNodes
from ami_ros.errors import ConfigError

if TYPE_CHECKING:
    from ami_ros.ros.commissioning.fault_trials import FaultTrials

SHUFFLE_SEED = 0
Show = Callable[[int, int, str], None]  # done, total, and a note


class CommissionSteps:
    """Runs steps. Nodes that several steps need keep running between them.

    Args:
        commission: what is commissioned.
        folder: stores everything.
        begun: the record so far.
        logs: folder of the nodes' logs.
        when: returns a readable date and time.
        tell: shows an operator what to do now.
        attended: an operator is present: faults that need a hand can be done.

    Attributes:
        commissioning: the current record.
    """

    def __init__(
        self,
        commission: Commission,
        folder: CommissionFolder,
        begun: Commissioning,
        logs: Path,
        when: Callable[[], str],
        tell: Callable[[str], None],
        attended: bool,
    ) -> None:
        self._commission, self._folder, self.commissioning = commission, folder, begun
        self._logs, self._when, self._tell, self._attended = logs, when, tell, attended
        self._nodes: PursuitNodes | None = None

    def run(self, step: str, show: Show, again: bool = False) -> StepRecord:
        """Run or resume a step to its end, and return its record.

        Args:
            step: one of STEPS or BASELINES.
            show: receives the progress.
            again: restart a step that has begun.

        Raises:
            ConfigError: there are no goals.
            ProcessError: a node died or does not answer; with the end of its log.
        """
        begun = self.commissioning.steps.get(step)
        settings = dataclasses.asdict(self._commission.wanted)
        goes_on = begun is not None and begun.state is StepState.BEGUN and begun.settings == settings
        if begun is None or again or not goes_on:
            begun = StepRecord(StepState.BEGUN, self._when(), settings)
            self._keep(step, begun)
        if step == SHADOW:
            return self._shadow(begun, show)
        return self._faults(begun, show) if step == FAULTS else self._speed(step, begun, show)

    def close(self) -> None:
        """Hold the robot, and end the nodes."""
        if self._nodes is not None:
            self._nodes.__exit__(None, None, None)
            self._nodes = None  # not before: after an interrupt, the next call must try again

    def _shadow(self, begun: StepRecord, show: Show) -> StepRecord:
        self.close()  # one gate must not have two proposers
        wanted = self._commission.wanted
        show(0, wanted.shadow_plans, "starting")
        with ShadowNodes(self._commission, self._logs / SHADOW) as nodes:
            for now in nodes.client.moments():
                note = f"{now.goals} goals kept, {now.moved_s:.0f} s"
                show(min(now.plans, wanted.shadow_plans), wanted.shadow_plans, note)
            compared, goals = nodes.client.compared[: wanted.shadow_plans], nodes.client.goals.kept
        if goals:
            self._folder.keep_goals(goals)
        by = "explorer" if self._commission.explores else "operator"
        figures = agreement(compared, np.random.default_rng(SHUFFLE_SEED))
        figures |= {"goals": len(goals), "moved_by": by, "taken": nodes.client.place.taken}
        told = tuple(round(float(value), 4) for value in cosines(compared))
        return self._end(
            SHADOW,
            dataclasses.replace(begun, figures=figures, cosines=told),
            shadow_problems(figures, wanted),
        )

    def _speed(self, step: str, record: StepRecord, show: Show) -> StepRecord:
        is_baseline = step in BASELINES
        wanted, client = self._commission.wanted, self._moving(step if is_baseline else "")
        speed = wanted.speed(step)
        client.limit_authority(speed)
        while len(record.goals) < wanted.goals and not (record.goals and record.goals[-1].stops):
            tried: dict[int, int] = {}
            for trial in record.goals:
                tried[trial.goal] = tried.get(trial.goal, 0) + 1
            for gaps in client.pursue(client.choose(tried)):
                show(len(record.goals), wanted.goals, gaps_text(gaps, client.place.units))
            if client.picture is not None:
                self._folder.keep_picture(end_picture(step, len(record.goals)), client.picture)
            trials = (*record.goals, client.trial())
            figures = speed_figures(trials, client.within) | {"speed": speed, "within": client.within}
            figures |= {"taken": client.place.taken, "authority": client.place.authority}
            record = dataclasses.replace(record, goals=trials, figures=figures)
            self._keep(step, record)
        show(len(record.goals), wanted.goals, "")
        return self._end(step, record, () if is_baseline else speed_problems(record.figures, wanted))

    def _faults(self, record: StepRecord, show: Show) -> StepRecord:
        from ami_ros.commissioning.core.trials import FaultTrial

        wanted, client = self._commission.wanted, self._moving()
        client.limit_authority(wanted.slow)
        names, by_hand = client.names, client.place.sensor_fault
        for name in names[len(record.faults) :]:
            show(len(record.faults), len(names), name)
            if name == by_hand and not (self._commission.simulated or self._attended):
                needed = f"a person has to {client.place.by_hand[0].removesuffix(' now')}: run without --yes"
                trial = FaultTrial(name, name, left_out=needed)
            else:
                trial = client.bring_about(name, self._tell)
            record = dataclasses.replace(record, faults=(*record.faults, trial))
            self._keep(FAULTS, record)
        show(len(names), len(names), "")
        figures = {"faults": len(record.faults), "speed": wanted.slow}
        return self._end(
            FAULTS, dataclasses.replace(record, figures=figures), fault_problems(record.faults, wanted)
        )

    def _moving(self, solver: str = "") -> FaultTrials:
        """Return the client that moves the robot, started if necessary; `solver` as for PursuitNodes."""
        if self._nodes is not None and self._nodes.solver != solver:
            self.close()
        if self._nodes is None:
            goals = self._folder.goals()
            if not goals:
                raise ConfigError(
                    f"{self._folder.path}: got no goals, expected those of the step {SHADOW}: run it first"
                )
            nodes = PursuitNodes(self._commission, self._logs / (solver or "moving"), goals, solver)
            nodes.__enter__()
            self._nodes = nodes
        return self._nodes.client

    def _end(self, step: str, record: StepRecord, problems: tuple[str, ...]) -> StepRecord:
        state = StepState.FAILED if problems else StepState.PASSED
        record = dataclasses.replace(record, state=state, problems=problems)
        self._keep(step, record)
        return record

    def _keep(self, step: str, record: StepRecord) -> None:
        self.commissioning = self.commissioning.with_step(step, record)
        self._folder.keep(self.commissioning)
