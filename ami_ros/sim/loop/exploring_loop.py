# SPDX-License-Identifier: Apache-2.0
"""World, explorer and gate joined without ROS, with simulator-only figures: unsafe commands, touch."""

from __future__ import annotations

from collections.abc import Iterator

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.safety.settings import SafetySettings
from ami_ros.sim.loop.command_oracle import oracle_of
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.task import Episode
from ami_ros.sim.world.world import World
from ami_ros.types import Command, Level, Verdict


class ExploringLoop(StepLoop):
    """Lets a body explore; arguments as for StepLoop.

    Attributes:
        oracle: judges every command.
        touched: control steps in which the body touched something other than its support.
    """

    def __init__(self, world: World, spec: RobotSpec, safety: SafetySettings) -> None:
        super().__init__(world, spec, safety)
        self.oracle = oracle_of(spec, 1.0 / safety.rate_hz, safety.limits["zones"].workspace_margin)
        self.touched = 0
        self._planner: ExploringPlanner | None = None
        self._stood_on: set[str] = set()
        self._stands = self._touches = False

    def run(self, planner: ExploringPlanner, episode: Episode) -> Iterator[None]:
        """Explore from the start of an episode until done, or until the gate stops it.

        Yields after each control step.
        """
        world = self._world
        world.reset(episode.start, episode.start_objects)
        self.restart()
        planner.restart()
        self._planner = planner
        self._stood_on = set()
        self._stands = True
        while not (planner.finished or planner.is_stopped):  # there is no operator to re-arm
            observation = world.observe()
            plan = planner.plan(observation)
            self.hear(plan)
            self._touches = False
            self.act(plan.actions, observation)
            self.touched += self._touches
            self._stands = False
            yield

    def _ticked(self, command: Command | None, verdict: Verdict) -> None:
        world = self._world
        if command is not None:
            body = world.body()
            self.oracle.see(command, body.get("joints"), body.get("pose"))
            self.oracle.see_stop(verdict.level is Level.STOP, command.stamp_ns)
        if self._planner is not None:
            self._planner.judge(verdict.level)
            self._planner.obey(None if command is None else command.position)
        in_touch = world.touching()
        if self._stands:  # in the first control step, at home
            self._stood_on |= in_touch
        self._touches |= bool(in_touch - self._stood_on)
