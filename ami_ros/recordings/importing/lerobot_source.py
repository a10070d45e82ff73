# SPDX-License-Identifier: Apache-2.0
"""LeRobotDataset recordings, v2 and v3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import AmiError, ConfigError, ImageError, ObservationError, OutputError
from ami_ros.recordings.decoding import decoded
from ami_ros.recordings.importing.lerobot_roles import Columns, RoleFinder
from ami_ros.recordings.importing.roles import COMMANDS, RECORDED
from ami_ros.recordings.importing.servo_calibration import ServoCalibration
from ami_ros.recordings.importing.signals import MOST_PIXELS, SignalReader
from ami_ros.recordings.importing.track import TopicHealth
from ami_ros.recordings.lerobot.dataset_input import DatasetInput, Rows
from ami_ros.recordings.lerobot.episode_videos import EpisodeVideos
from ami_ros.recordings.message_values import NS_PER_S
from ami_ros.types import FloatArray, checked_vector

SAME_S = 1e-4  # largest difference of a stamp and its frame's time. Source: `tolerance_s` of LeRobotDataset
# Takes one role's data from a row; returns whether there was any.
Take = Callable[[Rows, int, int], bool]


class _Role(NamedTuple):
    health: TopicHealth
    take: Take


class LeRobotSource:
    """One data set; a `Source`. Each of its episodes is a run of its own.

    Args:
        spec: the robot.
        path: its folder.
        features: role -> its feature; see `RoleFinder`.
        degrees: angles without a unit are in degrees.
        calibration: of servos whose angles are percentages or ticks; None if they are not.

    Raises:
        EpisodeError: it cannot be read, or is of another version.
        ConfigError: a sensor's feature is missing; lists what there is.
    """

    def __init__(
        self,
        spec: RobotSpec,
        path: Path,
        features: Mapping[str, str],
        degrees: bool,
        calibration: ServoCalibration | None = None,
    ) -> None:
        self.path, self._spec, self._input = path, spec, DatasetInput(path)
        info = self._input.info
        try:
            self._found = RoleFinder(spec, info, features, degrees, calibration).find()
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error
        self.problems, self.notes = self._input.problems, [f"{path}: {note}" for note in self._found.notes]
        self.count = info.frames
        cameras = dict.fromkeys(self._found.cameras.values())
        self._images = [name for name in cameras if info.features[name].dtype == "image"]
        self._videos = EpisodeVideos(self._input, [name for name in cameras if name not in self._images])

    def read(self, reader: SignalReader, on_read: Callable[[int], object]) -> None:
        """Pass all rows to the reader."""
        roles, episode, is_whole = self._roles(reader), None, False
        for rows in self._input.rows([*self._found.features, *self._images]):
            if rows.episode != episode:
                episode = rows.episode
                is_whole = self._videos.has(episode)
                if is_whole:
                    reader.begin_run()
                    self._videos.begin(episode)
            for row, time_s in enumerate(rows.times_s if is_whole else ()):
                self._take(rows, row, float(time_s), roles, reader)
            on_read(len(rows.times_s))
        self._videos.close()
        self.problems += self._videos.problems()

    def _take(self, rows: Rows, row: int, time_s: float, roles: list[_Role], reader: SignalReader) -> None:
        frame_s = round(time_s * self._input.info.fps) / self._input.info.fps
        # Stamps are stored as float32.
        time_s = frame_s if abs(time_s - frame_s) < SAME_S else time_s
        time_ns = reader.time_of(str(self.path), round(time_s * NS_PER_S))
        for health, take in roles:
            try:
                there = take(rows, row, time_ns)
            except OutputError:
                raise  # not caused by a row
            except AmiError as error:
                health.fail(str(error))
                there = True
            health.messages += there

    def _roles(self, reader: SignalReader) -> list[_Role]:
        found, info = self._found, self._input.info

        def role(name: str, feature: str, take: Take) -> _Role:
            return _Role(reader.health(name, feature, info.features[feature].kind, info.fps), take)

        roles = [
            role(camera, feature, self._of_camera(camera, feature, reader))
            for camera, feature in found.cameras.items()
        ]
        for sensor in self._spec.vectors:
            columns = found.vectors[sensor.name]
            roles.append(role(sensor.name, columns.feature, _of_vector(sensor, columns, reader)))
        if found.actions is not None:
            roles.append(
                role(RECORDED, found.actions.feature, _of_numbers(found.actions, reader.take_action))
            )
        if found.commands is not None:
            take = _of_numbers(found.commands, reader.take_command)
            roles.append(role(COMMANDS, found.commands.feature, take))
        return roles

    def _of_camera(self, camera: str, feature: str, reader: SignalReader) -> Take:
        def take_image(rows: Rows, row: int, time_ns: int) -> bool:
            data = rows.pictures[feature][row] if feature in rows.pictures else None
            if data is None:
                raise ImageError("got a row without a picture")
            reader.take_picture(camera, time_ns, data, decoded(data, MOST_PIXELS))
            return True

        def take_frame(rows: Rows, row: int, time_ns: int) -> bool:
            picture = self._videos.picture(feature, float(rows.times_s[row]))
            if picture is not None:
                reader.take_picture(camera, time_ns, picture.tobytes(), picture)
            return picture is not None

        return take_image if feature in self._images else take_frame


def _of_vector(sensor: VectorSensor, columns: Columns, reader: SignalReader) -> Take:
    def take(rows: Rows, row: int, time_ns: int) -> bool:
        values = _values(columns, rows, row)
        still = np.zeros(sensor.size - len(values))  # positions alone: at rest, as for the planner
        reader.take_vector(sensor, time_ns, np.concatenate([values, still]), len(still) == 0)
        return True

    return take


def _of_numbers(columns: Columns, tell: Callable[[int, FloatArray], None]) -> Take:
    def take(rows: Rows, row: int, time_ns: int) -> bool:
        tell(time_ns, _values(columns, rows, row))
        return True

    return take


def _values(columns: Columns, rows: Rows, row: int) -> FloatArray:
    """Return the finite values of a row (n,). Raises ObservationError: some are missing or not finite."""
    if columns.feature not in rows.numbers:
        raise ObservationError(f"{columns.feature}: got a row without it")
    return checked_vector(columns.of(rows.numbers[columns.feature][row : row + 1])[0], columns.feature)
