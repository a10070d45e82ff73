# SPDX-License-Identifier: Apache-2.0
"""Sources of actions: recorded actions, proposals, commands, or the motion itself."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EpisodeError
from ami_ros.recordings.importing.roles import COMMANDS, PROPOSALS, RECORDED
from ami_ros.recordings.importing.signals import Signals
from ami_ros.recordings.importing.track import Track
from ami_ros.recordings.message_values import NS_PER_S
from ami_ros.types import FloatArray

# Meanings that describe the motion during a control step, not its end.
AVERAGED = ("cartesian_velocity", "joint_velocity")
BEYOND = 0.1  # share of half a channel's range by which actions may exceed it: clipped; beyond: unused


class ActionSource(Protocol):
    """Returns actions."""

    def action(self, begin_ns: int, end_ns: int) -> FloatArray | None:
        """Return the action of a control step (A,), in the channels' units; None if unknown."""


class _FromActions:
    """Actions recorded in the robot's channels, at any rate."""

    def __init__(self, spec: RobotSpec, signals: Signals) -> None:
        self._actions = signals.actions
        self._is_mean = np.array([meaning in AVERAGED for meaning in spec.meanings])
        self._early_ns = min(signals.actions.period_ns, spec.step_ns) / 2

    def action(self, begin_ns: int, end_ns: int) -> FloatArray | None:
        edges = np.array([begin_ns, end_ns]) - self._early_ns
        first, after = np.searchsorted(self._actions.times, edges)
        told = self._actions.values[first:after]
        if not len(told):
            return None
        action: FloatArray = np.where(self._is_mean, told.mean(axis=0), told[-1])
        return action


class _FromProposals:
    def __init__(self, signals: Signals, meaning: Meaning) -> None:
        self._proposals, self._meaning = signals.proposals, meaning

    def action(self, begin_ns: int, end_ns: int) -> FloatArray | None:
        return self._proposals.action(begin_ns, self._meaning)


class _FromCommands:
    def __init__(self, signals: Signals, meaning: Meaning, measured: Track | None) -> None:
        self._commands, self._meaning, self._measured = signals.commands, meaning, measured

    def action(self, begin_ns: int, end_ns: int) -> FloatArray | None:
        start, end = self._commands.at(begin_ns), self._commands.at(end_ns)
        if start is None or end is None:
            return None
        if self._commands.relative:
            if self._measured is None:
                return None
            base = self._measured.at(np.array([begin_ns]))[0]
            start, end = base, base + end - start
        return self._meaning.between(start, end, (end_ns - begin_ns) / NS_PER_S)


class _FromMotion:
    def __init__(self, meaning: Meaning, measured: Track) -> None:
        self._meaning, self._measured = meaning, measured

    def action(self, begin_ns: int, end_ns: int) -> FloatArray | None:
        start, end = self._measured.at(np.array([begin_ns, end_ns]))
        return self._meaning.between(start, end, (end_ns - begin_ns) / NS_PER_S)


def action_sources(spec: RobotSpec, signals: Signals, wanted: str) -> dict[str, ActionSource]:
    """Return the available sources of actions, the best first.

    Recorded actions and proposals are what a model receives later. Commands result from them after the
    gate, and motion results from commands.

    Args:
        spec: the robot.
        signals: of the recording.
        wanted: "auto" for all available ones, or the name of one.

    Raises:
        EpisodeError: no source is available; lists what there is.
        KinematicsError: the URDF does not fit the robot.
    """
    meaning, measured = meaning_of(spec), _measured(spec, signals)
    sources: dict[str, ActionSource] = {}
    if len(signals.actions.times):
        sources[RECORDED] = _FromActions(spec, signals)
    if len(signals.proposals):
        sources[PROPOSALS] = _FromProposals(signals, meaning)
    if len(signals.commands):
        sources[COMMANDS] = _FromCommands(signals, meaning, measured)
    if measured is not None:
        sources["motion"] = _FromMotion(meaning, measured)
    chosen = sources if wanted == "auto" else {k: v for k, v in sources.items() if k == wanted}
    if not chosen:
        raise EpisodeError(
            f"actions from {wanted}: the recording has none, expected one of {list(sources)}. "
            "Record the robot's commands, or name their topic with --topic commands=/TOPIC"
        )
    return chosen


def within_range(spec: RobotSpec, action: FloatArray) -> FloatArray | None:
    """Return an action (A,) clipped to its range; None if it is farther outside than noise explains."""
    normalised = spec.actions.normalised(action)
    if not np.isfinite(normalised).all() or np.abs(normalised).max() > 1.0 + BEYOND:
        return None
    return spec.actions.in_units(np.clip(normalised, -1.0, 1.0))


def _measured(spec: RobotSpec, signals: Signals) -> Track | None:
    """Return the measured positions of the commanded channels (C,); None if nothing measures them."""
    if len(spec.groups) > 1:
        return None  # their sensors measure at different times
    sensor, columns = spec.feedback
    if not sensor:
        return None
    track = signals.vectors[sensor]
    return Track(track.times, track.values[:, columns])
