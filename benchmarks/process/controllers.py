# SPDX-License-Identifier: Apache-2.0
"""What moves a plant: a controller that knows the equations, some that know data, some that know little."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray, Goal, Observation, Reading
from benchmarks.process.plants import Plant
from benchmarks.process.world import World, parameters

HORIZON = 17  # control steps, of those that optimise over a model; pc-gym's authors found it for the CSTR
RIDGE = 1e-4
GAINS, RESETS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0), (1.0, 2.0, 5.0, 15.0)  # of PI controllers


class Controller(Protocol):
    """Moves a plant."""

    def begin(self, world: World) -> None:
        """Begin an episode."""

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return inputs (M,) for what is measured (X,)."""


class Hold:
    """Implements `Controller`: never moves an input."""

    def begin(self, world: World) -> None:
        """Nothing to remember."""

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the inputs as they are."""
        return world.inputs


class PI:
    """Implements `Controller`: proportional and integral, each tracked state by one input.

    Args:
        plant: which state is moved by which input.
        gain: share of the input's range for an error of one span.
        reset: control steps of the integral.
    """

    def __init__(self, plant: Plant, gain: float, reset: float) -> None:
        self._plant, self._gain, self._reset = plant, gain, reset
        self._at = {name: list(plant.states.values()).index(name) for name in plant.tracked}

    def begin(self, world: World) -> None:
        """Begin where the inputs are."""
        self._rest, self._sums = world.inputs.copy(), dict.fromkeys(self._plant.tracked, 0.0)

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the inputs; a saturated one is integrated no further."""
        plant, inputs = self._plant, self._rest.copy()
        for name, wanted in world.goal().items():
            it = plant.tracked[name]
            error = it.sign * (wanted - seen[self._at[name]]) / it.span
            span = plant.high[it.by] - plant.low[it.by]
            inputs[it.by] += span * self._gain * (error + self._sums[name] / self._reset)
            if plant.low[it.by] < inputs[it.by] < plant.high[it.by]:
                self._sums[name] += error
        return inputs


class LinearMPC:
    """Implements `Controller`: a linear model identified from the logs, and least squares within bounds.

    Source: Proctor, Brunton and Kutz, "Dynamic mode decomposition with control" (2016).

    Args:
        plant: its ranges, rates and tracked states.
        seen: episodes of what was measured (E, S + 1, X).
        done: of the inputs (E, S, M).
    """

    def __init__(self, plant: Plant, seen: FloatArray, done: FloatArray) -> None:
        self._plant = plant
        states = seen.reshape(-1, seen.shape[-1])
        self._mean, self._std = states.mean(axis=0), states.std(axis=0) + 1e-9
        self._middle = 0.5 * (np.array(plant.low) + np.array(plant.high))
        self._half = 0.5 * (np.array(plant.high) - np.array(plant.low))
        scaled = self._scaled(seen)
        before, after = (part.reshape(-1, len(self._mean)) for part in (scaled[:, :-1], scaled[:, 1:]))
        inputs = ((done - self._middle) / self._half).reshape(len(before), -1)
        given = np.column_stack([before, inputs, np.ones(len(before))])
        square = given.T @ given + RIDGE * len(given) * np.eye(given.shape[1])
        found = np.linalg.solve(square, given.T @ after).T
        count = len(self._mean)
        self._a, self._b, self._c = found[:, :count], found[:, count:-1], found[:, -1]
        names = list(plant.states.values())
        self._rows = [names.index(name) for name in plant.tracked]
        self._weights = self._std[self._rows] / np.array([it.span for it in plant.tracked.values()])

    def _scaled(self, values: FloatArray) -> FloatArray:
        found: FloatArray = (values - self._mean) / self._std
        return found

    def begin(self, world: World) -> None:
        """Nothing to remember."""

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the first of the best changes of the inputs."""
        from scipy.optimize import lsq_linear

        plant, count = self._plant, len(self._middle)
        state, now = self._scaled(seen), (world.inputs - self._middle) / self._half
        effect = np.zeros((len(state), HORIZON * count))  # of every change so far on the state
        rows, missing = [], []
        wanted = np.array([*world.goal().values()])
        target = (wanted - self._mean[self._rows]) / self._std[self._rows]
        for step in range(HORIZON):
            state = self._a @ state + self._b @ now + self._c
            effect = self._a @ effect
            effect[:, : (step + 1) * count] += np.tile(self._b, step + 1)
            rows.append(self._weights[:, None] * effect[self._rows])
            missing.append(self._weights * (target - state[self._rows]))
        most = np.tile(np.array(plant.rate) / self._half, HORIZON)
        found = lsq_linear(np.vstack(rows), np.concatenate(missing), (-most, most), tol=1e-6)
        inputs: FloatArray = world.inputs + found.x[:count] * self._half
        return inputs


class Oracle:
    """Implements `Controller`: pc-gym's nonlinear MPC, which knows the equations.

    It is told the set point that the next step is judged by, as all others are; by itself it looks one back.

    Args:
        plant: which.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant, ranges = plant, np.array(plant.high) - np.array(plant.low)
        self._delta = bool((np.array(plant.rate) < ranges).all())
        self._mpc: Any = None

    def begin(self, world: World) -> None:
        """Begin an episode; the optimiser is made once."""
        if self._mpc is None:
            self._make(world)
        self._world, state = world, world.state
        self._mpc.reset_history()
        self._mpc.x0 = state.reshape(-1, 1)
        self._mpc.set_initial_guess()

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the first of the best inputs for the whole measured state."""
        state = world.seen_state.reshape(-1, 1)
        if self._delta:
            self._mpc.u0 = world.inputs.reshape(-1, 1)
            change: FloatArray = self._mpc.make_step(state).ravel()
            return world.inputs + change
        inputs: FloatArray = self._mpc.make_step(state).ravel()
        return inputs

    def _make(self, world: World) -> None:
        from pcgym import make_env
        from pcgym.oracle import oracle

        plant = self._plant
        given = parameters(plant, world.wanted, world.state, plant.noise)
        if self._delta:
            given["a_space_act"] = given["a_space"]
            given["a_space"] = {"low": -np.array(plant.rate), "high": np.array(plant.rate)}
            given |= {"a_delta": True, "a_0": np.array(plant.first)}
        weights = np.zeros(len(world.names))
        for name, it in plant.tracked.items():
            weights[world.names.index(name)] = it.span**-2
        count = len(plant.low)
        how = {"N": HORIZON, "R": np.zeros((count, count)), "Q": np.diag(weights)}
        self._mpc, _ = oracle(make_env, given, how).setup_mpc()
        template = self._mpc.get_p_template(1)

        def told(time_now: Any) -> Any:
            template["_p", 0, "SP"] = np.array([*self._world.goal().values()]).reshape(-1, 1)
            if self._delta:
                template["_p", 0, "u_prev"] = self._world.inputs.reshape(-1, 1)
            return template

        self._mpc.p_fun = told


class Ours:
    """Implements `Controller` with a world model; it never uses the equations.

    Args:
        plant: which.
        model: trained on its logs.
        spec: its robot.
        settings: how to plan.

    Attributes:
        plan_s: how long each plan took.
    """

    def __init__(self, plant: Plant, model: ModelRuntime, spec: RobotSpec, settings: PlannerSettings) -> None:
        self._plant, self._spec = plant, spec
        self._sensors = {state: sensor for sensor, state in plant.states.items()}
        self._planner = RecedingHorizonPlanner(model, spec, settings, time.perf_counter_ns)
        self.plan_s: list[float] = []

    def begin(self, world: World) -> None:
        """Forget the last episode."""
        self._planner.restart()

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Plan, and return the first inputs."""
        wanted = {self._sensors[name]: np.array([value]) for name, value in world.goal().items()}
        self._planner.set_goal(Goal(vectors=wanted))
        stamp_ns = (world.step + 1) * self._spec.step_ns
        started = time.perf_counter()
        plan = self._planner.plan(observation(self._spec, seen, world.inputs, stamp_ns))
        self.plan_s.append(time.perf_counter() - started)
        return np.asarray(plan.actions[0, 0], dtype=np.float64)


def observation(spec: RobotSpec, seen: FloatArray, inputs: FloatArray, stamp_ns: int) -> Observation:
    """Return what is measured (X,), and the inputs (M,) where the robot measures them, by sensor."""
    values = [*seen, *inputs][: len(spec.sensors)]
    readings = {
        name: Reading(np.array([value]), stamp_ns, stamp_ns)
        for name, value in zip(spec.sensors, values, strict=True)
    }
    return Observation(readings)


def tuned_pi(plant: Plant, world: World, seeds: Sequence[int], score: Any) -> PI:
    """Return the PI controller whose median return over some seeds is the best of a grid."""
    grid = [PI(plant, gain, reset) for gain in GAINS for reset in RESETS]
    return max(grid, key=lambda it: float(np.median([score(world, it, seed) for seed in seeds])))
