# SPDX-License-Identifier: Apache-2.0
"""From recordings to a data set of episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.episode import (
    EPISODE_FILES,
    FORMAT_VERSION,
    PLAIN_LOOK,
    EpisodeRecord,
    episode_path,
    write_episode,
)
from ami_ros.episodes.manifest import MANIFEST_FILE, claim
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.errors import EpisodeError
from ami_ros.recordings.importing.action_sources import ActionSource, action_sources, within_range
from ami_ros.recordings.importing.bag_source import BagSource
from ami_ros.recordings.importing.beyond_range import BeyondRange
from ami_ros.recordings.importing.clock_offset import clock_offset
from ami_ros.recordings.importing.import_report import ImportReport, spans_of
from ami_ros.recordings.importing.odd_signals import odd_signals
from ami_ros.recordings.importing.place import SensorTrust, path_length
from ami_ros.recordings.importing.roles import COMMANDS, PROPOSALS, RECORDED, VERDICTS
from ami_ros.recordings.importing.run_edges import run_edges
from ami_ros.recordings.importing.servo_calibration import read_calibration
from ami_ros.recordings.importing.signals import SignalReader, Signals
from ami_ros.recordings.importing.source import Source
from ami_ros.recordings.importing.steps import AGAIN, Steps, control_steps
from ami_ros.recordings.importing.table_source import TableSource
from ami_ros.recordings.lerobot.layout import is_lerobot
from ami_ros.recordings.tables.table import is_table

ACTIONS = ("auto", "actions", "proposals", "commands", "motion")
ENOUGH = 0.5  # share of the usable steps whose actions a source must know to be chosen
UNKNOWN = "no action in {}"
TOO_FAR = "beyond the range of {}"
REST = "too short for an episode"
LATER = "beyond the requested time"


@dataclass(frozen=True)
class ImportSettings:
    """How recordings are imported.

    Attributes:
        image_side: of the square pictures, px: the model's.
        episode_steps: control steps in an episode (S).
        trust: when readings of the body's place are doubted; settings of the gate.
        topics: role -> its topic, in bags; see `roles_of`.
        features: role -> its feature, in LeRobot data sets; see `RoleFinder`.
        degrees: angles without a unit in LeRobot data sets are in degrees.
        columns: value, channel or "time" -> its heading, in tables; see `TableSource`.
        calibration: file of the servos whose angles in LeRobot data sets are percentages; None: they are not.
        ticks: with it, they are ticks instead.
        actions: one of ACTIONS.
        by_arrival: use times of arrival instead of stamps.
        correct_offset: subtract estimated offsets from the stamps of pictures.
        first_s: use only this much of the recordings; None: all.
    """

    image_side: int
    episode_steps: int
    trust: SensorTrust
    topics: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    degrees: bool = False
    calibration: str | None = None
    ticks: bool = False
    actions: str = "auto"
    by_arrival: bool = False
    correct_offset: bool = False
    first_s: float | None = None


class Cut(NamedTuple):
    """A layout of episodes.

    Attributes:
        signals: source of the episodes.
        steps: control steps.
        actions: of each step (N - 1, A).
        begins: the first step of each episode.
    """

    signals: Signals
    steps: Steps
    actions: NDArray[np.float64]
    begins: list[int]


class Import:
    """One import: find the sensors, read, check, write.

    Args:
        spec: the robot.
        paths: of the recordings.
        settings: how they are imported.

    Attributes:
        count: messages and rows in all recordings.
        report: findings so far.
        signals: what was read; None before `read`.

    Raises:
        EpisodeError: a path holds no recording.
        ConfigError: a sensor is missing; lists what there is.
    """

    def __init__(self, spec: RobotSpec, paths: Sequence[Path], settings: ImportSettings) -> None:
        self._spec, self._settings = spec, settings
        self._sources = [_source(spec, path, settings) for path in paths]
        self.count = sum(source.count for source in self._sources)
        step_s = spec.step_ns / 1e9
        self.report = ImportReport([str(path) for path in paths], step_s, settings.episode_steps)
        self.signals: Signals | None = None
        as_is = not settings.degrees and settings.calibration is None
        self._convertible = as_is and any(path.is_dir() and is_lerobot(path) for path in paths)

    def read(self, on_read: Callable[[int], object] = lambda count: None) -> None:
        """Read and check everything.

        Raises:
            EpisodeError: a sensor has no usable data, or the sensors have no time in common.
            OutputError: there is no space for temporary files.
        """
        settings = self._settings
        reader = SignalReader(self._spec, settings.image_side, settings.by_arrival, settings.trust)
        for source in self._sources:
            source.read(reader, on_read)
            self.report.problems += [f"{source.path}: {problem}" for problem in source.problems]
            self.report.notes += source.notes
        self.signals = reader.signals()
        order = [*self._spec.sensors, RECORDED, COMMANDS, PROPOSALS, VERDICTS]
        health = self.signals.health
        self.report.topics = {role: health[role] for role in order if role in health}
        self.report.notes += odd_signals(self._spec, self.signals)
        self._estimate_offsets(self.signals)

    def cut(self) -> Cut:
        """Lay out episodes over what was read.

        Raises:
            EpisodeError: a sensor has no usable data, the sensors have no time in common, or there is no
                source of actions.
        """
        if self.signals is None:
            raise EpisodeError("nothing was read yet")
        signals = self.signals
        steps = control_steps(self._spec, signals, self._settings.trust)
        self.report.notes += steps.notes
        self._leave_out_later(steps)
        actions = self._actions(signals, steps)
        return Cut(signals, steps, actions, self._begins(signals, steps))

    def write(self, folder: Path, cut: Cut, on_episode: Callable[[int], object] = lambda count: None) -> None:
        """Write the episodes.

        Args:
            folder: of the data set; it contains none yet.
            cut: the episodes.
            on_episode: called after each.

        Raises:
            EpisodeError: the folder has episodes.
            OutputError: it cannot be written.
        """
        check_new(folder)
        claim(folder, self._made_with())
        for number, begin in enumerate(cut.begins):
            write_episode(episode_path(folder, number), self.episode(cut, begin))
            self.report.episodes += 1
            on_episode(1)

    def _made_with(self) -> dict[str, object]:
        return {
            "format": FORMAT_VERSION,
            "robot": self._spec.name,
            "imported": {**asdict(self._settings), "recordings": self.report.recordings},
        }

    def _estimate_offsets(self, signals: Signals) -> None:
        path = path_length(self._spec, signals.vectors)
        for camera, frames in signals.frames.items():
            found = None if path is None else clock_offset(frames.times, frames.changes(), path)
            self.report.offsets[camera] = found
            if self._settings.correct_offset and found is not None and found.sure:
                late_ns = round(found.late_s * 1e9)
                signals.frames[camera] = replace(frames, times=frames.times - late_ns)
                self.report.corrected = True

    def _leave_out_later(self, steps: Steps) -> None:
        """Mark the steps after `first_s`; time without recording does not count."""
        if self._settings.first_s is None:
            return
        recorded_s = np.cumsum([reason != AGAIN for reason in steps.reasons]) * self.report.step_s
        for step in np.flatnonzero(recorded_s > self._settings.first_s + 1e-9).tolist():
            if steps.reasons[step] != AGAIN:
                steps.reasons[step] = LATER

    def _actions(self, signals: Signals, steps: Steps) -> NDArray[np.float64]:
        """Return the actions (N - 1, A) of usable steps; mark those with an unknown action."""
        usable = [step for step, reason in enumerate(steps.reasons) if not reason]
        best: tuple[float, str, dict[int, NDArray[np.float64]]] | None = None
        for name, source in action_sources(self._spec, signals, self._settings.actions).items():
            known = self._known(source, steps, usable)
            share = len(known) / len(usable) if usable else 0.0
            self.report.actions_known[name] = share
            if best is None or share > best[0]:
                best = share, name, known
            if share >= ENOUGH:
                break
        if best is None:
            raise EpisodeError("got no source of actions")
        _, self.report.actions_from, known = best
        actions = np.zeros((len(steps.reasons), self._spec.action_size))
        beyond = BeyondRange(self._spec.actions, self._convertible)
        for step in usable:
            action = known.get(step)
            inside = None if action is None else within_range(self._spec, action)
            if action is None:
                steps.reasons[step] = UNKNOWN.format(self.report.actions_from)
            elif inside is None:
                steps.reasons[step] = TOO_FAR.format(beyond.take(action))
            else:
                actions[step] = inside
        self.report.beyond = beyond.lines()
        return actions

    def _known(
        self, source: ActionSource, steps: Steps, usable: Sequence[int]
    ) -> dict[int, NDArray[np.float64]]:
        told = {step: source.action(int(steps.times[step]), int(steps.times[step + 1])) for step in usable}
        return {step: action for step, action in told.items() if action is not None}

    def _begins(self, signals: Signals, steps: Steps) -> list[int]:
        """Return the first step of each episode; note what is used and what is dropped."""
        length, begins, at = self._settings.episode_steps, [], 0
        reasons = list(steps.reasons)
        while at < len(reasons):
            end = at
            while end < len(reasons) and not reasons[end] and end - at < length:
                end += 1
            if end - at == length:
                begins.append(at)
            else:
                reasons[at:end] = [REST] * (end - at)
                end = max(end, at + 1)
            at = end
        self.report.dropped += run_edges(signals, steps.times, self._spec.step_ns)
        for span in spans_of(steps.times, reasons, signals.begin_ns):
            if span.reason != AGAIN:  # between two runs there is no time
                (self.report.dropped if span.reason else self.report.used).append(span)
        self.report.dropped.sort()
        spans = [*self.report.used, *self.report.dropped]
        self.report.duration_s = sum(span.end_s - span.begin_s for span in spans)
        return begins

    def episode(self, cut: Cut, begin: int) -> EpisodeRecord:
        """Return the episode that begins at a step."""
        signals, steps, actions = cut.signals, cut.steps, cut.actions
        moments = slice(begin, begin + self._settings.episode_steps + 1)
        times = steps.times[moments]
        return EpisodeRecord(
            images={name: signals.frames[name].take(steps.frames[name][moments]) for name in signals.frames},
            vectors={name: track.at(times).astype(np.float32) for name, track in signals.vectors.items()},
            actions=actions[begin : begin + self._settings.episode_steps].astype(np.float32),
            truth={},
            look=np.asarray(PLAIN_LOOK, dtype=np.int64),
            run=np.searchsorted(np.asarray(signals.breaks, dtype=np.int64), times[0], side="right"),
            body=recorded_body(self._spec),
        )


def _source(spec: RobotSpec, path: Path, settings: ImportSettings) -> Source:
    if path.is_dir() and is_lerobot(path):
        from ami_ros.recordings.importing.lerobot_source import LeRobotSource  # an optional extra

        servos = (
            None
            if settings.calibration is None
            else read_calibration(Path(settings.calibration), settings.ticks)
        )
        return LeRobotSource(spec, path, settings.features, settings.degrees, servos)
    if is_table(path):
        return TableSource(spec, path, settings.columns)
    return BagSource(spec, path, settings.topics)


def check_new(folder: Path) -> None:
    """Check that a folder contains no data set. Raises EpisodeError: it does."""
    if (folder / MANIFEST_FILE).exists() or any(folder.glob(EPISODE_FILES)):
        raise EpisodeError(
            f"{folder}: holds episodes, expected a folder without episodes; use another one, or delete it"
        )
