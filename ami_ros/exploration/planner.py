# SPDX-License-Identifier: Apache-2.0
"""Plans without goal or model: the next stretch of random motion, toward the least visited places."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError, GoalError, shown
from ami_ros.exploration.borders import Borders
from ami_ros.exploration.contact import ContactWatch
from ami_ros.exploration.coverage import Coverage
from ami_ros.exploration.driven_way import commanded_way, driven_way
from ami_ros.exploration.excitation import Excitation
from ami_ros.exploration.motion import DrawnMotion
from ami_ros.exploration.progress import Progress
from ami_ros.exploration.settings import ExplorerSettings
from ami_ros.exploration.territories import territory_of
from ami_ros.types import FloatArray, Goal, Level, Observation, Plan

BACK = 0.5  # share of the speed, after a contact
TRAIL = 2.0  # times `back_off_s`: age of the place to go back to, far enough away
FORMAT = 1  # format of the state
FAST = 0.5  # share of the top speed
WINDOW_S, WINDOW = 60.0, 300.0  # of motion, and control steps, over which growth is measured
LONGEST_S, LONGEST = 1.0, 2.5  # s and control steps between observations: a longer gap interrupts the motion


class ExploringPlanner:
    """Implements `ami_ros.planning.protocols.Planner`; it also receives commands and verdicts.

    Args:
        spec: the robot.
        settings: how it moves, and when it has explored enough.

    Attributes:
        coverage: coverage so far.
        is_stopped: whether the gate has stopped and was not re-armed.
        finished: why exploration is complete; empty until then.

    Raises:
        EmbodimentError: the space of the robot has no bounds.
        KinematicsError: the URDF does not fit the robot.
    """

    def __init__(self, spec: RobotSpec, settings: ExplorerSettings) -> None:
        self._spec, self._settings = spec, settings
        self._generator = np.random.default_rng(settings.seed)
        self._step_s = spec.step_ns / 1e9
        self._meaning = meaning_of(spec)
        self._territory = territory_of(spec, settings, self._meaning)
        self._motion = DrawnMotion(
            self._territory.fastest, settings.wander, settings.correlation_s, self._step_s, self._generator
        )
        self._contact = ContactWatch(settings)
        self._borders = Borders(spec, settings.border)
        self._excitation = self._excitation_of(spec)
        cameras = [image.name for image in spec.images_for("model")]
        self.coverage = Coverage(
            self._territory.cells,
            cameras,
            settings.view_radius,
            settings.most_views,
            twice=settings.fastest > settings.speed,
            window_s=max(WINDOW_S, WINDOW * self._step_s),
        )
        self._slow = settings.speed / settings.fastest
        self._steps = max(spec.action_block, math.ceil(settings.ahead_s / self._step_s))
        self._steps = spec.action_block * math.ceil(self._steps / spec.action_block)
        self._trail = 1 + math.ceil(TRAIL * settings.back_off_s / self._step_s)
        self._episodes, self._contacts, self._session_s = 1, 0, 0.0
        self._was_leading_back = False
        self.is_stopped, self.finished = False, ""
        self._is_held = self._has_moved = False
        self._command: FloatArray | None = None
        self.restart()

    def _excitation_of(self, spec: RobotSpec) -> Excitation | None:
        """Return what set points do; None for bodies that move in space."""
        if set(spec.meanings) != {"setpoint"}:
            return None
        territory, settings = self._territory, self._settings
        still = np.zeros(spec.action_size)
        lower, upper = (territory.ahead(end, still) for end in (spec.actions.low, spec.actions.high))
        return Excitation(
            lower,
            upper,
            territory.fastest / settings.fastest,
            settings,
            self._step_s,
            self._borders.turn_s,
            self._generator,
        )

    @property
    def border_sensors(self) -> tuple[str, ...]:
        """Names of the sensors whose values must stay inside their bands, where set points are explored."""
        return self._borders.sensors if self._excitation is not None else ()

    @property
    def sensor(self) -> str:
        """Name of the sensor of the body's place; "" without one."""
        return self._territory.sensor

    def set_goal(self, goal: Goal | None) -> None:
        """Refuse goals. Raises GoalError."""
        if goal is not None:
            raise GoalError(
                f"got goal {goal.label!r}, expected none: the explorer chooses its own targets, the least "
                "visited cells"
            )

    def restart(self) -> None:
        """Restart at the robot's place, at rest; the coverage stays."""
        self.rest()
        self._meaning.forget()
        self._borders.forget()
        if self._excitation is not None:
            self._excitation.forget()
        self.coverage.leave()

    def rest(self) -> None:
        """Stand still: the next motion starts from rest, and time does not count until then."""
        self._motion.rest()
        self._contact.forget()
        if self._excitation is not None:
            self._excitation.rest()
        self._last: Observation | None = None
        self._last_command: FloatArray | None = None
        self._target: FloatArray | None = None
        self._pace = self._slow
        self._back: FloatArray | None = None
        self._came: deque[FloatArray] = deque(maxlen=self._trail)
        self._since_s, self._back_until_s = self._session_s, self._session_s

    def judge(self, level: Level) -> None:
        """Handle the gate's verdict. A STOP ends an episode, a re-arm begins the next one.

        A STOP before any motion ends none: a late joiner first receives the gate's history.
        """
        if level is Level.STOP:
            self.is_stopped = True
        elif self.is_stopped:
            self._episodes += self._has_moved
            self.is_stopped = self._has_moved = False
        self._is_held = level >= Level.HOLD

    def obey(self, command: FloatArray | None) -> None:
        """Handle the newest command (C,) of the gate; None while there is none."""
        self._command = command

    def plan(self, observation: Observation) -> Plan:
        """Return the next stretch of motion; stand still if exploration is complete, or stopped.

        Raises:
            ObservationError: the observation lacks the sensor of the body's place.
        """
        place = self._territory.place(observation)
        if self.is_stopped or self.finished:
            self.rest()
            return self._still(observation)
        if self._is_held:  # it may continue at any moment, from rest
            self.rest()
        elapsed_s = self._elapsed_s(observation)
        self._session_s += elapsed_s
        self.coverage.see(place, observation, elapsed_s, self._is_fast)
        if self._session_s >= 60.0 * self._settings.minutes:
            self.finished = f"{self._settings.minutes:g} minutes are over"
        elif self.coverage.has_ended(self._settings.least_growth):
            self.finished = "hardly anything new in the last minute"
        if self.finished:
            return self._still(observation)
        if self._is_held_back(place, observation, elapsed_s):
            self._back_off(place)
        self._last, self._last_command, self._has_moved = observation, self._command, True
        self._came.append(place)
        if self._excitation is not None:
            actions = self._excite(self._excitation, place, observation)
        else:
            speeds = self._motion.went(self._territory.turned_back(place, self._next(place)))
            actions = self._territory.actions(place, speeds, self._steps)
        return self._plan(actions.reshape(-1, self._spec.action_block, self._spec.action_size), observation)

    def _excite(self, excitation: Excitation, place: FloatArray, observation: Observation) -> FloatArray:
        """Return the next set points (steps, A)."""
        before = place
        places = excitation.places(
            place,
            self._session_s,
            self._steps,
            self._known,
            self._borders.are_near(observation),
            self.coverage.cells,
        )
        self._contacts += excitation.is_leading_back and not self._was_leading_back
        self._was_leading_back = excitation.is_leading_back
        self._motion.went((places[0] - before) / self._step_s)
        return places

    @property
    def _known(self) -> float:
        """Share of the space that is known, or of the time that is over."""
        return max(self.coverage.cells.share, self._session_s / (60.0 * self._settings.minutes))

    def _elapsed_s(self, observation: Observation) -> float:
        if self._last is None:
            return 0.0
        elapsed_s = (observation.stamp_ns - self._last.stamp_ns) / 1e9
        return elapsed_s if 0.0 < elapsed_s < max(LONGEST_S, LONGEST * self._step_s) else 0.0

    @property
    def _is_fast(self) -> bool:
        return float(np.abs(self._motion.now / self._territory.fastest).max()) > FAST

    def _next(self, place: FloatArray) -> FloatArray:
        now_s, settings = self._session_s, self._settings
        if self._back is not None and now_s < self._back_until_s:
            return self._motion.went(BACK * self._slow * self._territory.toward(place, self._back))
        self._back = None
        if self._target is not None and now_s - self._since_s > settings.patience_s:
            self.coverage.avoid(self._target)
            self._target = None
        # Its place before it can turn around: cells behind it are further away.
        ahead = self._territory.ahead(place, self._motion.now * settings.correlation_s)
        if self._target is None or self.coverage.has_entered:
            # More often, and faster, the more of its space is known, or of its time is used.
            known = self._known
            hurries = self._slow < 1.0 and self._generator.random() < known
            self._pace = self._slow + (1.0 - self._slow) * known * hurries
            cells = self.coverage.fast if hurries else self.coverage.cells
            self._target = cells.least(
                lambda axes, centres: self._territory.ways(ahead, axes, centres),
                settings.costly,
                self._generator,
            )
            self._since_s = now_s
        pace = self._pace if self.coverage.cells.knows(ahead) else self._slow
        wanted = pace * self._territory.toward(place, self._target)
        return self._motion.next(settings.pull * wanted, pace)

    def _is_held_back(self, place: FloatArray, observation: Observation, elapsed_s: float) -> bool:
        """Return whether the body did not follow the gate's commands."""
        before, now, spec = self._last_command, self._command, self._spec
        if now is None or self._last is None or elapsed_s <= 0.0 or self._back is not None:
            self._contact.forget()
            return False
        if spec.arms:
            (columns, arm), *_ = spec.arm_columns
            return self._contact.see_joints(
                now[columns], arm.position(observation), self._motion.pace / self._slow
            )
        if spec.base is None or before is None:
            return False
        commanded = commanded_way(spec.actions.names, before, now, elapsed_s)
        return self._contact.see_way(
            elapsed_s, commanded, driven_way(self._territory.place(self._last), place)
        )

    def _back_off(self, place: FloatArray) -> None:
        """Go back the same way for a while, and avoid the current place and the way ahead."""
        self._contacts += 1
        self.coverage.avoid(place)
        if self._target is not None:
            self.coverage.avoid(self._target)
        self._contact.forget()
        self._motion.rest()
        self._target, self._back = None, self._came[0]
        self._back_until_s = self._session_s + self._settings.back_off_s

    def _still(self, observation: Observation) -> Plan:
        return self._plan(self._meaning.hold(observation)[None, None], observation)

    def _plan(self, actions: FloatArray, observation: Observation) -> Plan:
        self._meaning.note(actions, observation)
        return Plan(
            actions=actions,
            step_ns=self._spec.step_ns,
            cost=0.0,
            cost_terms={},
            distance=0.0,
            arrived=bool(self.finished),
            predicted=np.zeros((len(actions), 0), dtype=np.float32),
            iterations=0,
            deadline_met=True,
            observation_stamp_ns=observation.stamp_ns,
            proposal="explorer",
        )

    @property
    def progress(self) -> Progress:
        """Progress of the exploration."""
        coverage = self.coverage
        return Progress(
            body=coverage.body,
            views=coverage.views,
            moved_s=coverage.moved_s,
            left_s=max(0.0, 60.0 * self._settings.minutes - self._session_s),
            episodes=self._episodes,
            contacts=self._contacts,
            finished=bool(self.finished),
            body_growth=coverage.body_growth,
            view_growth=coverage.view_growth,
        )

    def state(self) -> dict[str, Any]:
        """Return what `resume` needs, ready for JSON."""
        counts = {"episodes": self._episodes, "contacts": self._contacts}
        return {"format": FORMAT, "robot": self._spec.name, **counts, **self.coverage.state()}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Continue from the result of `state`, in a new episode.

        Raises:
            ConfigError: the state is of another robot or version, or damaged.
        """
        expected = {"format": FORMAT, "robot": self._spec.name}
        got = {name: state.get(name) for name in expected}
        if got != expected:
            raise ConfigError(f"got {shown(got)}, expected the state of an exploration with {expected}")
        counts = [state.get(name) for name in ("episodes", "contacts")]
        if not all(type(count) is int and count >= 0 for count in counts):
            raise ConfigError(f"episodes, contacts: got {shown(counts)}, expected their numbers")
        self.coverage.restore(state)
        self._episodes, self._contacts = int(counts[0] or 0) + 1, int(counts[1] or 0)
