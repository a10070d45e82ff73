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
from ami_ros.types import FloatArray, Goal
from benchmarks.process.gated import GatedPlant
from benchmarks.process.plants import Plant
from benchmarks.process.world import World

HORIZON = 17  # control steps, of those that optimise over a model; pc-gym's authors found it for the CSTR
SUBSTEPS = 10  # of the oracle's integration, per control step
OUTSIDE = 1e4  # price of a whole width outside of a band, for the oracle
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


class NMPC:
    """Implements `Controller`: nonlinear MPC on pc-gym's equations, within ranges and rates.

    The oracle of the gap, by single shooting. It sees the whole state, with the noise that all see.

    Source: Rawlings, Mayne and Diehl, "Model Predictive Control" (2017), 8.5; solved by Ipopt.

    Args:
        plant: which.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._solver: Any = None

    def begin(self, world: World) -> None:
        """Begin an episode; the optimiser is made once."""
        self._solver = self._solver or self._made(world)
        self._guess = np.tile(world.inputs, HORIZON)

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the first of the best inputs."""
        plant, count = self._plant, len(self._plant.low)
        given = np.concatenate([world.seen_state, [*world.goal().values()], world.inputs, world.disturbances])
        rate = np.tile(plant.rate, HORIZON)
        found = self._solver(
            x0=self._guess,
            p=given,
            lbx=np.tile(plant.low, HORIZON),
            ubx=np.tile(plant.high, HORIZON),
            lbg=-rate,
            ubg=rate,
        )
        inputs = np.asarray(found["x"]).ravel()
        if not np.isfinite(inputs).all():
            return world.inputs
        self._guess = np.concatenate([inputs[count:], inputs[-count:]])
        return inputs[:count]

    def _made(self, world: World) -> Any:
        import casadi

        plant, names = self._plant, world.names
        state, inputs = casadi.SX.sym("x", len(names)), casadi.SX.sym("u", len(plant.low))
        disturbances = casadi.SX.sym("d", len(plant.disturbances))
        moved = casadi.vertcat(inputs, disturbances)
        equations = casadi.vertcat(*_each(world.model(state, moved)))
        slope = casadi.Function("slope", [state, inputs, disturbances], [equations])
        step_s, after = plant.duration / plant.steps / SUBSTEPS, state
        for _ in range(SUBSTEPS):  # Runge and Kutta
            first = slope(after, inputs, disturbances)
            second = slope(after + 0.5 * step_s * first, inputs, disturbances)
            third = slope(after + 0.5 * step_s * second, inputs, disturbances)
            fourth = slope(after + step_s * third, inputs, disturbances)
            after = after + step_s / 6.0 * (first + 2.0 * second + 2.0 * third + fourth)
        step = casadi.Function("step", [state, inputs, disturbances], [after])
        wanted = casadi.SX.sym("wanted", len(plant.tracked))
        before = casadi.SX.sym("before", len(plant.low))
        every = casadi.SX.sym("every", HORIZON * len(plant.low))
        cost, changes, now, last = 0.0, [], state, before
        for part in casadi.vertsplit(every, len(plant.low)):
            now = step(now, part, disturbances)
            for at, (name, it) in enumerate(plant.tracked.items()):
                cost += ((now[names.index(name)] - wanted[at]) / it.span) ** 2
            for name, (low, high) in plant.bands.items():
                value = now[names.index(name)]
                beyond = casadi.fmax(0.0, casadi.fmax(low - value, value - high)) / (high - low)
                cost += OUTSIDE * beyond**2
            changes.append(part - last)
            last = part
        problem = {
            "x": every,
            "p": casadi.vertcat(state, wanted, before, disturbances),
            "f": cost,
            "g": casadi.vertcat(*changes),
        }
        quiet = {"ipopt.print_level": 0, "print_time": 0, "ipopt.sb": "yes", "ipopt.max_iter": 100}
        return casadi.nlpsol("solver", "ipopt", problem, quiet)


def _each(slopes: Any) -> list[Any]:
    """Return derivatives one by one, as pc-gym's models return them in one of three forms."""
    return [slopes[at] for at in range(slopes.shape[0])] if hasattr(slopes, "shape") else list(slopes)


class Ours:
    """Implements `Controller` with a world model behind the gate; it never uses the equations.

    Args:
        plant: which.
        model: trained on its logs.
        spec: its robot.
        settings: how to plan.
        gated: the gate; None: one that nothing breaks.

    Attributes:
        plan_s: how long each plan took.
        gated: the gate.
    """

    def __init__(
        self,
        plant: Plant,
        model: ModelRuntime,
        spec: RobotSpec,
        settings: PlannerSettings,
        gated: GatedPlant | None = None,
    ) -> None:
        self.gated = gated or GatedPlant(spec)
        self._sensors = {state: sensor for sensor, state in plant.states.items()}
        self._planner = RecedingHorizonPlanner(model, spec, settings, time.perf_counter_ns)
        self.plan_s: list[float] = []

    def begin(self, world: World) -> None:
        """Forget the last episode."""
        self._planner.restart()
        self.gated.begin()

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Plan, and return the inputs that the gate makes of it."""
        wanted = {self._sensors[name]: np.array([value]) for name, value in world.goal().items()}
        self._planner.set_goal(Goal(vectors=wanted))
        observation, started = self.gated.sense(seen, world.inputs), time.perf_counter()
        plan = self._planner.plan(observation)
        self.plan_s.append(time.perf_counter() - started)
        self.gated.hear(plan)
        return self.gated.inputs(plan.actions, observation)


def tuned_pi(plant: Plant, world: World, seeds: Sequence[int], score: Any) -> PI:
    """Return the PI controller whose median return over some seeds is the best of a grid."""
    grid = [PI(plant, gain, reset) for gain in GAINS for reset in RESETS]
    return max(grid, key=lambda it: float(np.median([score(world, it, seed) for seed in seeds])))
