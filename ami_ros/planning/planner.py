# SPDX-License-Identifier: Apache-2.0
"""Receding-horizon planning: observe, search, keep the rest of the plan as the next warm start."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError, GoalError
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.world_model import BY_VECTORS
from ami_ros.planning.alternatives import Alternatives
from ami_ros.planning.earlier_readings import EarlierReadings
from ami_ros.planning.experience import Experience
from ami_ros.planning.objective import Objective
from ami_ros.planning.problem import Problem, Solution, Solver
from ami_ros.planning.recall import Recall
from ami_ros.planning.routes.guides import guide_of
from ami_ros.planning.sections import SOLVERS
from ami_ros.planning.settings import PlannerSettings
from ami_ros.planning.stopwatch import Stopwatch
from ami_ros.planning.surprise import SurpriseMonitor, at_rest
from ami_ros.types import FloatArray, Goal, Observation, Plan, Profile


class RecedingHorizonPlanner:
    """Plans toward one goal at a time, and detects arrival from the latent.

    Args:
        model: the loaded world model.
        spec: the robot.
        settings: search settings.
        clock_ns: clock of the search, ns.
        solver: replaces the one that the settings name.
        experience: a memory to plan with, if the settings ask for one.

    Raises:
        ContractError: the model cannot plan as the settings ask.
        ConfigError: the settings ask for a memory, and there is none.
    """

    def __init__(
        self,
        model: ModelRuntime,
        spec: RobotSpec,
        settings: PlannerSettings,
        clock_ns: Callable[[], int],
        solver: Solver | None = None,
        experience: Experience | None = None,
    ) -> None:
        if settings.recalls and experience is None:
            raise ConfigError(
                "got route: graph, solver: retrieval, precedents or caution without a memory, expected "
                "memory:=auto or a file"
            )
        self._model, self._spec, self._settings = model, spec, settings
        self._experience, self._recall = experience, Recall(model, settings, experience)
        self._objective, self._clock_ns = Objective(model, settings, spec), clock_ns
        self._solver = solver or _solver_of(self._objective)
        self._shape = (settings.horizon, spec.action_block * spec.action_size)
        self._meaning = meaning_of(spec)
        self._goal: EncodedGoal | None = None
        self._profile: Profile | None = None
        self._profile_ns = 0  # time zero of the profile; 0: not planned from yet
        self._monitor = SurpriseMonitor(model, spec)
        self._earlier = EarlierReadings(model, spec.step_ns * spec.action_block)
        self._guide = guide_of(model, spec, settings, experience, clock_ns)
        self.restart()

    @property
    def model(self) -> ModelRuntime:
        """The world model of the planner."""
        return self._model

    def restart(self) -> None:
        """Forget the last plan and reseed the random numbers: the same inputs give the same plans."""
        self._generator = torch.Generator().manual_seed(self._settings.seed)
        self._warm_start: Tensor | None = None
        self._meaning.forget()
        self._planned_ns: int | None = None
        self._arrived = False
        self._monitor.restart()
        self._earlier.restart()
        if self._guide is not None:
            self._guide.restart()

    def set_goal(self, goal: Goal | None) -> None:
        """Pursue `goal`, which is encoded once; None stops planning.

        Set points of the same sensors again, moved or not, keep the last plan: the search continues from it.
        Any other goal restarts.

        Raises:
            GoalError: the model cannot use it; the previous goal stays.
        """
        before = self._goal
        self._profile = None if goal is None else goal.profile
        self._profile_ns = 0 if self._profile is None else self._profile.start_ns
        self._goal = None if goal is None else self._model.encode_goal(goal, self._settings.distance)
        if self._experience is not None and goal is not None:
            self._experience.refresh()
        if before is not None and self._goal is not None and _moved(before, self._goal):
            self._arrived = False
            if self._guide is not None and not _equal(before, self._goal):
                self._guide.restart()  # its route leads to where the goal was
        else:
            self.restart()

    def plan(self, observation: Observation) -> Plan:
        """Plan from `observation`.

        Raises:
            GoalError: no goal is set.
            ObservationError: a sensor is missing, or an image or vector does not fit the model.
        """
        if self._goal is None:
            raise GoalError("no goal: set an image or joint goal first")
        is_changing = self._follow_profile(observation.stamp_ns)
        sensed = self._earlier.added(self._model.sense(observation), observation.stamp_ns)
        surprise = self._monitor.observe(sensed, observation)
        distance = self._model.distance(sensed.state, self._goal)
        limit = self._settings.departure_distance if self._arrived else self._settings.arrival_distance
        self._arrived = distance < limit and not is_changing
        hold = self._block(self._meaning.hold(observation))
        target: EncodedGoal | None = self._goal
        alternatives: Alternatives | None = None
        if self._guide is not None:
            self._guide.observe(sensed.state, observation.stamp_ns)
            if not self._arrived:
                target = self._guide.subgoal(sensed.state, self._goal, distance)
        if target is None:  # the time goes to the route search
            found = Solution(hold.expand(self._shape), source="hold")
        else:
            problem = self._problem(sensed.state, target, hold, observation.stamp_ns)
            found = self._solve(problem)
            alternatives = Alternatives(self._spec, problem, found) if found.considered else None
        shape = (-1, self._spec.action_block, self._spec.action_size)
        actions = found.actions.double().numpy().reshape(shape)
        if self._arrived:
            actions = np.tile(hold.double().numpy().reshape(shape), (len(actions), 1, 1))
        self._monitor.act(actions[0, 0])
        if self._guide is not None:
            self._guide.act(actions[0, 0])
        in_units = self._spec.actions.in_units(actions)
        self._meaning.note(in_units, observation)
        cost_terms = found.cost_terms or (0.0,) * len(self._settings.terms)
        predicted = sensed.state.unsqueeze(0) if found.predicted is None else found.predicted
        return Plan(
            actions=in_units,
            step_ns=self._spec.step_ns,
            cost=sum(cost_terms),
            cost_terms=dict(zip(self._settings.terms, cost_terms, strict=True)),
            distance=distance,
            arrived=self._arrived,
            predicted=predicted.cpu().numpy(),
            iterations=found.iterations,
            deadline_met=found.complete,
            observation_stamp_ns=observation.stamp_ns,
            proposal=found.source or self._settings.solver,
            disagreement=found.disagreement,
            surprise=max(surprise.values()) if surprise else None,
            surprise_terms=surprise,
            surprise_at_rest=at_rest(surprise),
            left_out=sensed.left_out,
            way="" if self._guide is None else self._guide.way,
            state=sensed.state.cpu().numpy(),
            recalled=found.recalled,
            route_at=None if self._guide is None else self._guide.route_at,
            alternatives=alternatives,
            foreseen={} if found.predicted is None else self._objective.measured(found.predicted[0]),
        )

    def _follow_profile(self, now_ns: int) -> bool:
        """Let the goal be what the profile wants now and after each block; return whether that changes."""
        profile = self._profile
        if profile is None or self._goal is None:
            return False
        self._profile_ns = self._profile_ns or now_ns
        block_ns = self._spec.step_ns * self._spec.action_block
        blocks = np.arange(1 + self._settings.horizon, dtype=np.int64)
        wanted = profile.at(now_ns - self._profile_ns + block_ns * blocks)
        rows = [
            self._model.encode_goal(
                Goal(vectors={name: values[row] for name, values in wanted.items()}), self._settings.distance
            )
            for row in blocks.tolist()
        ]
        is_changing = any((values != values[0]).any() for values in wanted.values())
        later = torch.stack([torch.cat(row.targets) for row in rows[1:]]) if is_changing else None
        self._goal = rows[0]._replace(later=later)
        return is_changing

    def _block(self, action: FloatArray) -> Tensor:
        """Return the action block (1, K A) in [-1, 1] that repeats one action (A,)."""
        normalised = torch.from_numpy(self._spec.actions.normalised(action)).float().clamp(-1.0, 1.0)
        return normalised.repeat(1, self._spec.action_block)

    def _problem(self, state: Tensor, goal: EncodedGoal, hold: Tensor, now_ns: int) -> Problem:
        still = hold.expand(self._shape)
        warm_start = self._shifted(still if self._warm_start is None else self._warm_start, now_ns)
        stopwatch = Stopwatch(self._clock_ns, self._settings.deadline_s)
        return Problem(
            self._objective, state, goal, warm_start, still, self._generator, stopwatch, self._recall
        )

    def _solve(self, problem: Problem) -> Solution:
        found = self._solver.solve(problem)
        if found.actions.shape == self._shape:  # a baseline may return less
            self._warm_start = found.actions
        return found

    def _shifted(self, last: Tensor, now_ns: int) -> Tensor:
        """Shift the last plan (T, K A) by the blocks since it was made, rounded to the nearest one."""
        block_ns = self._spec.step_ns * self._spec.action_block
        if self._planned_ns is None or now_ns < self._planned_ns:
            self._planned_ns = now_ns
        passed = round((now_ns - self._planned_ns) / block_ns)
        # The rest of a block counts at the next call: a planner faster than its blocks must shift, too.
        self._planned_ns += passed * block_ns
        if passed == 0:
            return last
        tail = last[-1:].expand(min(passed, len(last)), -1)
        return torch.cat([last[passed:], tail])


def _moved(before: EncodedGoal, after: EncodedGoal) -> bool:
    """Return whether a goal is an earlier one with other set points, or the same."""
    return before.kind == after.kind == BY_VECTORS and before.parts == after.parts


def _equal(before: EncodedGoal, after: EncodedGoal) -> bool:
    return all(map(torch.equal, before.targets, after.targets))


def _solver_of(objective: Objective) -> Solver:
    settings = objective.settings
    made: Solver = SOLVERS.named(settings.solver).Solver(objective, settings.solvers[settings.solver])
    return made
