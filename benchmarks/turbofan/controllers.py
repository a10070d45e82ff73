# SPDX-License-Identifier: Apache-2.0
"""What moves the knobs: an engine's usual controller, some that know little, one that knows all."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.turbofan.limits import FIRST, HIGH, LEAST, LOW, MOST, RATE, STEP_S
from benchmarks.turbofan.world import SENSORS, World, accelerated, followed, limited

AT = {name: place for place, name in enumerate(SENSORS)}
PART_SPEED, PER_MACH = 0.05, 0.06  # bleed at part speed on the ground, and more of it per Mach number
RELIEF = 0.03  # more bleed while thrust is taken back
SHUT = 4300.0  # rpm, corrected: above it, bleed valves close


def scheduled_bleed(speed: float, mach: float, slowing: bool) -> float:
    """Return the bleed of an engine's usual schedule: more at part speed, at high Mach, and slowing down."""
    part = float(np.clip((SHUT - speed) / 1000.0, 0.0, 1.0))
    bleed = part * (PART_SPEED + PER_MACH * mach) + (RELIEF if slowing else 0.0)
    return float(np.clip(bleed, LOW[2], HIGH[2]))


class Controller(Protocol):
    """Moves the knobs."""

    def begin(self, world: World) -> None:
        """Begin a profile."""

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return knobs (3,) for what is measured (12,)."""


class Hold:
    """Implements `Controller`: never moves a knob."""

    def begin(self, world: World) -> None:
        """Nothing to remember."""

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the knobs as they are."""
        kept: FloatArray = world.inputs
        return kept


class PI:
    """Implements `Controller`: fuel from the estimated thrust, proportional and integral; no limits.

    Args:
        gain: decades of fuel for a decade of thrust.
        reset_s: of the integral.
    """

    def __init__(self, gain: float, reset_s: float) -> None:
        self._gain, self._reset_s = gain, reset_s

    def begin(self, world: World) -> None:
        """Begin where the knobs are."""
        self._sum, self._rest = 0.0, float(world.inputs[0])

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the knobs; a saturated integral stays."""
        error = world.goal() - seen[AT["thrust"]]
        fuel = self._rest + self._gain * (error + self._sum / self._reset_s)
        if LOW[0] < fuel < HIGH[0]:
            self._sum += error * STEP_S
        return np.array([fuel, *FIRST[1:]])


class MinMax:
    """Implements `Controller` as engines have it: a governor of N1, between schedules and limiters.

    Demanded thrust is a speed of the low spool, by the steady line of a new engine, with a slow trim from
    the estimated thrust. The governor's fuel goes through the least of the acceleration schedule and the
    limiters of N1, N2, T3 and EGT, and the largest of that and the deceleration schedule. Schedules are of
    fuel over P3, by the corrected speed of the high spool. The nozzle stays; bleed follows a schedule.

    Source: Jaw and Mattingly, "Aircraft engine controls" (2009), 4.3 and 5.4.

    Args:
        gain: decades of fuel for a share of N1.
        over: fuel over P3 while accelerating, of the steady line's.
        under: the same while decelerating.
        reset_s: of the governor's integral.
        trim: share of the thrust's error that the demand is moved by, per second.
    """

    def __init__(
        self, gain: float, over: float, under: float = 0.6, reset_s: float = 2.0, trim: float = 0.3
    ) -> None:
        self._gain, self._over, self._under, self._reset_s, self._trim_rate = gain, over, under, reset_s, trim

    def begin(self, world: World) -> None:
        """Begin where the engine is."""
        self._offset, self._trim, self._last = 0.0, 0.0, world.goal()

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the knobs."""
        rating, mach, demand = world.rating, float(seen[AT["mach"]]), world.goal()
        root = float(np.sqrt(world.profile.ratios[world.step][0]))
        steady_now = abs(demand - self._last) < 1e-4
        if steady_now:
            self._trim += self._trim_rate * STEP_S * (demand - seen[AT["thrust"]])
        slowing, self._last = demand < self._last - 1e-4, demand
        wanted = rating.speed(1e3 * 10.0 ** (demand + self._trim), mach)
        speed = seen[AT["low_rpm"]] / root
        ahead = np.log10(rating.of("fuel", wanted, mach))
        error = (wanted - speed) / speed
        fuel = ahead + self._offset + self._gain * error
        per_p3 = rating.of("ratio", rating.speed_of_high(float(seen[AT["high_rpm"]]) / root, mach), mach)
        line = np.log10(per_p3 * 10.0 ** seen[AT["p3"]])
        most = [line + np.log10(self._over), self._limited(world, seen)]
        chosen = float(np.clip(fuel, line + np.log10(self._under), min(most)))
        if chosen == fuel:
            self._offset += self._gain * error * STEP_S / self._reset_s
        return np.array([chosen, FIRST[1], scheduled_bleed(float(speed), mach, slowing)])

    def _limited(self, world: World, seen: FloatArray) -> float:
        """Return the most fuel, decades, that keeps speeds and temperatures off their limits."""
        now = float(world.inputs[0])
        return min(now + self._of(limit, float(seen[AT[name]])) for name, limit in CEILINGS.items())

    @staticmethod
    def _of(limit: float, value: float) -> float:
        return 1.5 * (0.99 * limit - value) / limit


SMALL = 1e-9
CEILINGS = {"low_rpm": MOST[0], "high_rpm": MOST[1], "t3": MOST[2], "egt": MOST[3]}


class LinearMPC:
    """Implements `Controller`: a linear model identified from the logs, and least squares within bounds.

    Source: Proctor, Brunton and Kutz, "Dynamic mode decomposition with control" (2016).

    Args:
        seen: episodes of what was measured (E, S + 1, 12).
        done: of the knobs (E, S, 3).
    """

    HORIZON, RIDGE, KEPT, SLOW = 8, 1e-4, 0.1, 0.3

    def __init__(self, seen: FloatArray, done: FloatArray) -> None:
        states = seen.reshape(-1, seen.shape[-1])
        self._mean, self._std = states.mean(axis=0), states.std(axis=0)
        self._middle, self._half = 0.5 * (LOW + HIGH), 0.5 * (HIGH - LOW)
        scaled = (seen - self._mean) / self._std
        before, after = (part.reshape(-1, len(self._mean)) for part in (scaled[:, :-1], scaled[:, 1:]))
        inputs = ((done - self._middle) / self._half).reshape(len(before), -1)
        given = np.column_stack([before, inputs, np.ones(len(before))])
        square = given.T @ given + self.RIDGE * len(given) * np.eye(given.shape[1])
        found = np.linalg.solve(square, given.T @ after).T
        count = len(self._mean)
        self._a, self._b, self._c = found[:, :count], found[:, count:-1], found[:, -1]

    def begin(self, world: World) -> None:
        """Forget the last profile's offset."""
        self._missed, self._expected = 0.0, float("nan")

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the first of the best changes; predictions are moved by what the model has missed."""
        from scipy.optimize import lsq_linear

        state, now = (seen - self._mean) / self._std, (world.inputs - self._middle) / self._half
        if np.isfinite(self._expected):
            self._missed += self.SLOW * (state[0] - self._expected - self._missed)
        target = (world.goal() - self._mean[0]) / self._std[0]
        effect = np.zeros((len(state), 3 * self.HORIZON))
        rows, missing = list[FloatArray](), list[FloatArray]()
        rest = (FIRST - self._middle) / self._half
        for step in range(self.HORIZON):
            state = self._a @ state + self._b @ now + self._c
            effect = self._a @ effect
            effect[:, : 3 * (step + 1)] += np.tile(self._b, step + 1)
            rows.append(effect[:1])
            missing.append(np.array([target - state[0] - self._missed * (step + 1)]))
            held = np.zeros((3, 3 * self.HORIZON))
            held[:, : 3 * (step + 1)] = np.tile(np.eye(3), step + 1)
            rows.append(self.KEPT * held[1:])  # nozzle and bleed go where they usually are
            missing.append(self.KEPT * (rest - now)[1:])
        rows.append(self.KEPT * np.eye(3 * self.HORIZON))
        missing.append(np.zeros(3 * self.HORIZON))
        most = np.tile(RATE * STEP_S / self._half, self.HORIZON)
        found = lsq_linear(np.vstack(rows), np.concatenate(missing), (-most, most), tol=1e-6).x
        inputs = followed(world.inputs, world.inputs + found[:3] * self._half)
        taken = (inputs - self._middle) / self._half
        self._expected = float((self._a @ ((seen - self._mean) / self._std) + self._b @ taken + self._c)[0])
        return inputs


class Ceiling:
    """Implements `Controller` by optimising on the simulator itself, from its true state: no engine has that.

    Gauss and Newton's method, damped, over the knobs of the next seconds. It knows no later demand either.

    Source: Nocedal and Wright, "Numerical optimization" (2006), 10.3.
    """

    MOVES = (0, 1, 3)  # control steps from which a fuel of its own holds
    HORIZON, ROUNDS, SUBSTEPS = 6, 5, 5
    DAMPING, SLOPE, ENOUGH = 0.05, 1e-4, 1e-3
    SCALE = np.array([1.0, 1.0, 1.0, 0.2, 0.2])
    PRICE, FAR = 0.5, 1000.0  # half of what a percent of fuel costs, next to a percent of thrust squared
    INSIDE = np.array([0.0, 0.0, 0.0, 0.0, 0.01, 0.01, 0.01])  # from each limit
    SPANS = np.array([50.0, 100.0, 5.0, 10.0, 0.005, 0.005, 0.005]) / 3.0  # beyond that, as dear as a percent

    def begin(self, world: World) -> None:
        """Begin where the knobs are."""
        count = len(self.MOVES)
        self._plan = np.concatenate([np.full(count, world.inputs[0]), world.inputs[1:]])

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the first of the best knobs."""
        from scipy.optimize import lsq_linear

        plan, reach = self._plan, RATE[0] * STEP_S
        low, high = (np.concatenate([[end[0]] * len(self.MOVES), end[1:]]) for end in (LOW, HIGH))
        low[0], high[0] = max(low[0], world.inputs[0] - reach), min(high[0], world.inputs[0] + reach)
        plan, best = np.clip(plan, low, high), np.inf
        for _ in range(self.ROUNDS):
            moved = plan + np.vstack([np.zeros(5), self.SLOPE * np.diag(self.SCALE)])
            errors = self._errors(world, moved)
            slope = (errors[1:] - errors[0]).T / self.SLOPE
            square = np.vstack([slope, self.DAMPING * np.diag(np.linalg.norm(slope, axis=0) + 1e-3)])
            missing = np.concatenate([-errors[0], np.zeros(5)])
            ends = ((low - plan) / self.SCALE - SMALL, (high - plan) / self.SCALE + SMALL)
            step = lsq_linear(square, missing, ends, tol=1e-6).x
            tries = np.clip(plan + np.outer([1.0, 0.5, 0.2, 0.0], step) * self.SCALE, low, high)
            costs = (self._errors(world, tries) ** 2).sum(axis=1)
            plan = tries[int(np.argmin(costs))]
            if best - float(costs.min()) < self.ENOUGH:
                break
            best = float(costs.min())
        self._plan = np.array([plan[1], plan[2], plan[2], *plan[3:]])
        return np.array([plan[0], *plan[3:]])

    def _errors(self, world: World, plans: FloatArray) -> FloatArray:
        """Return the errors (N, E) of plans (N, 5) whose sum of squares is the cost."""
        count, rpm = len(plans), np.tile(world.rpm, (len(plans), 1))
        knobs, errors = np.tile(world.inputs, (count, 1)), []
        wanted, span = 1e3 * 10.0 ** world.goal(), STEP_S / self.SUBSTEPS
        _, delta = world.profile.ratios[world.step]
        at = min(world.step + 1, len(world.profile.mach) - 1)
        for step in range(self.HORIZON):
            move = max(number for number, first in enumerate(self.MOVES) if first <= step)
            aim = np.column_stack([plans[:, move], plans[:, 3:]])
            before, knobs = knobs, knobs + np.clip(aim - knobs, -RATE * STEP_S, RATE * STEP_S)
            for part in range(1, self.SUBSTEPS + 1):
                between = before + part / self.SUBSTEPS * (knobs - before)
                found = world.run(rpm, between, at)
                rpm = accelerated(rpm, found, span)
            watched = limited(rpm, found)
            beyond = np.maximum(watched - MOST + self.INSIDE, 0.0)
            beyond = beyond + np.maximum(LEAST + self.INSIDE - watched, 0.0)
            errors += [100.0 * (found.thrust / delta / wanted - 1.0)[:, None], beyond / self.SPANS]
        fuel = 230.0 * plans[:, 2] + self.FAR  # percents; from so far off, its square is nearly straight
        errors.append(np.sqrt(self.PRICE / self.FAR) * fuel[:, None])
        return np.concatenate(errors, axis=1)
