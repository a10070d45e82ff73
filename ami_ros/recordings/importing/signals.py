# SPDX-License-Identifier: Apache-2.0
"""Everything recorded of a robot: pictures, numbers, proposals, verdicts and commands over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.errors import AmiError, ObservationError, OutputError
from ami_ros.recordings.bags.bag_message import BagMessage
from ami_ros.recordings.bags.bag_topic import types
from ami_ros.recordings.importing.commands import CommandReader
from ami_ros.recordings.importing.frames import Frames, FrameSpool
from ami_ros.recordings.importing.place import SensorTrust, place_of
from ami_ros.recordings.importing.proposals import ProposalReader
from ami_ros.recordings.importing.roles import COMMANDS, COMPRESSED_IMAGE, PROPOSALS, VERDICTS, Roles
from ami_ros.recordings.importing.timeline import Timeline
from ami_ros.recordings.importing.track import Times, TopicHealth, Track, in_order
from ami_ros.recordings.message_images import image_from_compressed, image_from_ros
from ami_ros.recordings.message_values import YAW, has_velocities, stamp_of, vector_from_ros
from ami_ros.settings.fields import LARGEST
from ami_ros.types import FloatArray, ImageArray

MOST_PIXELS = 2**26  # of one picture: 8192 x 8192
MOST_NUMBERS_BYTES = 2**20  # of a message without a picture: a small one may become a hundred times as large


@dataclass(frozen=True, eq=False)
class Signals:
    """What was read.

    Attributes:
        frames: camera -> its pictures.
        vectors: sensor -> its numbers.
        actions: in the robot's channels, if recorded as such.
        commands: to the controller.
        proposals: and the gate's verdicts.
        leaps: stamps of pairs of contradicting readings of the body's place (M, 2), ns.
        health: role (a sensor, "commands", ...) -> how well its topic was recorded.
        breaks: times between two runs, ns.
        begin_ns: of the first message.
        still_joints: whether joint states lacked velocities, which then count as 0, as for the planner.
    """

    frames: dict[str, Frames]
    vectors: dict[str, Track]
    actions: Track
    commands: CommandReader
    proposals: ProposalReader
    leaps: Times
    health: dict[str, TopicHealth]
    breaks: list[int]
    begin_ns: int
    still_joints: bool

    @property
    def tracks(self) -> dict[str, Track | Frames]:
        """Data of each sensor."""
        return {**self.frames, **self.vectors}


@dataclass
class _Numbers:
    """Samples of one vector sensor, or of actions, so far."""

    times: list[int] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)


class SignalReader:
    """Takes the messages of recordings.

    Args:
        spec: the robot.
        side: of the square that pictures are resized to, px.
        by_arrival: use times of arrival instead of stamps.
        trust: how far the body's place may jump.
    """

    def __init__(self, spec: RobotSpec, side: int, by_arrival: bool, trust: SensorTrust) -> None:
        self._spec, self._by_arrival, self._trust = spec, by_arrival, trust
        self._timeline = Timeline()
        self._spools = {image.name: FrameSpool(side) for image in spec.images}
        self._numbers = {vector.name: _Numbers() for vector in spec.vectors}
        self._actions = _Numbers()
        self._commands, self._proposals = CommandReader(spec), ProposalReader(spec)
        self._health: dict[str, TopicHealth] = {}
        self._begin_ns: int | None = None
        self._velocities = not spec.arms

    def read(self, messages: Iterator[BagMessage], roles: Roles, on_read: Callable[[int], object]) -> None:
        """Read one recording.

        Args:
            messages: of it.
            roles: of the topics.
            on_read: called after each message.

        Raises:
            OutputError: there is no space for temporary files.
        """
        self.begin_run()
        topics = {found.name for found in (*roles.sensors.values(), *roles.others.values())}
        wanted = {topic: roles.of(topic) for topic in topics}
        for message in messages:
            for role in wanted.get(message.topic, ()):
                self._take(role, message)
            on_read(1)

    def signals(self) -> Signals:
        """Return what was read, in the order of time."""
        breaks, begin_ns = self._timeline.breaks, self._begin_ns or 0
        frames = {name: self._frames(name, spool) for name, spool in self._spools.items()}
        vectors = {
            sensor.name: _track(self._numbers[sensor.name], sensor.size, _turns(sensor))
            for sensor in self._spec.vectors
        }
        came: dict[str, Sequence[int] | Times] = {name: said.times for name, said in self._numbers.items()}
        came |= {name: spool.times for name, spool in self._spools.items()}
        tracks: dict[str, Track | Frames] = {**frames, **vectors}
        for name, health in self._health.items():
            if name in tracks:
                times = np.asarray(came[name], dtype=np.int64)
                health.see(times, tracks[name].times, breaks, begin_ns, self._spec.step_ns)
            if name in frames:
                health.identical = int(frames[name].repeats.sum())
        return Signals(
            frames,
            vectors,
            _track(self._actions, self._spec.action_size),
            self._commands,
            self._proposals,
            self._leaps(),
            self._health,
            breaks,
            begin_ns,
            not self._velocities,
        )

    def begin_run(self) -> None:
        """Start a new run, as another recording or episode does."""
        self._timeline.begin_again()

    def health(self, role: str, source: str, kind: str, expected_hz: float | None) -> TopicHealth:
        """Return the health record of a role; create it if there is none."""
        return self._health.setdefault(role, TopicHealth(source, kind, expected_hz))

    def time_of(self, source: str, stamp_ns: int, leads: bool = True) -> int:
        """Return a stamp of a source in the common time, ns; see `Timeline.at`."""
        time_ns = self._timeline.at(source, stamp_ns, leads)
        self._begin_ns = time_ns if self._begin_ns is None else min(self._begin_ns, time_ns)
        return time_ns

    def take_picture(self, camera: str, time_ns: int, data: bytes | memoryview, picture: ImageArray) -> None:
        """Take a picture (H, W, 3), and its source data, which identifies repeats."""
        self._spools[camera].add(time_ns, data, picture)

    def take_vector(self, sensor: VectorSensor, time_ns: int, values: FloatArray, velocities: bool) -> None:
        """Take a measurement (size,), finite; for joints also whether it includes velocities.

        Raises:
            ObservationError: a number is larger than any robot measures.
        """
        if (largest := float(np.abs(values).max(initial=0.0))) > LARGEST:
            raise ObservationError(f"{sensor.name}: got {largest:g}, expected at most {LARGEST:g}")
        self._numbers[sensor.name].times.append(time_ns)
        self._numbers[sensor.name].values.append(values)
        self._velocities |= sensor.is_joints and velocities

    def take_action(self, time_ns: int, action: FloatArray) -> None:
        """Take an action (A,), finite, in the channels' units."""
        self._actions.times.append(time_ns)
        self._actions.values.append(action)

    def take_command(self, time_ns: int, told: FloatArray) -> None:
        """Take a command for all commanded channels (C,), finite."""
        self._commands.tell(told, time_ns, self._timeline.run_at(time_ns))

    def _frames(self, camera: str, spool: FrameSpool) -> Frames:
        """Return the pictures of a camera's main size; count the others."""
        frames = spool.frames()
        if camera in self._health:
            self._health[camera].size = spool.size
            for (width, height), count in spool.other_sizes.items():
                kept = "x".join(map(str, spool.size))
                self._health[camera].fail(f"got {width}x{height} px, expected {kept} like the others", count)
        return frames

    def _leaps(self) -> Times:
        """Return the pairs of contradicting readings of the body's place (M, 2), ns; count them."""
        place = place_of(self._spec)
        if place is None:
            return np.zeros((0, 2), dtype=np.int64)
        said = self._numbers[place.sensor]
        leaps = place.leaps(said.times, said.values, self._trust)
        if place.sensor in self._health:
            self._health[place.sensor].contradictions = len(leaps)
        return leaps

    def _take(self, role: str, message: BagMessage) -> None:
        sensor = self._spec.sensors.get(role)
        expected_hz = None if sensor is None else sensor.rate_hz
        health = self.health(role, message.topic, message.type, expected_hz)
        health.messages += 1
        try:
            if not isinstance(sensor, ImageSensor) and len(message.data) > MOST_NUMBERS_BYTES:
                raise ObservationError(
                    f"got {len(message.data)} bytes, expected at most {MOST_NUMBERS_BYTES}"
                )
            unpacked: Any = types().deserialize_cdr(message.data, message.type)
            stamp_ns = message.log_ns if self._by_arrival else stamp_of(unpacked, message.log_ns)
            if stamp_ns == 0:
                health.unstamped += 1
                stamp_ns = message.log_ns
            time_ns = self.time_of(message.topic, stamp_ns, sensor is not None)
            if isinstance(sensor, ImageSensor):
                picture = picture_of(message.type, unpacked)
                self.take_picture(role, time_ns, memoryview(unpacked.data), picture)
            elif isinstance(sensor, VectorSensor):
                values, _ = vector_from_ros(unpacked, sensor, time_ns, self._spec.simulation.held)
                self.take_vector(sensor, time_ns, values, sensor.is_joints and has_velocities(unpacked))
            elif role == COMMANDS:
                self._commands.take(unpacked, time_ns, self._timeline.run_at(time_ns))
            elif role == PROPOSALS:
                self._proposals.take(unpacked, time_ns - stamp_ns, time_ns)
            elif role == VERDICTS:
                self._proposals.judge(unpacked, time_ns - stamp_ns, time_ns)
        except OutputError:
            raise  # not caused by a message
        except AmiError as error:
            health.fail(str(error))
        except Exception as error:  # decoders trust the bytes: garbage raises a dozen kinds
            health.fail(f"cannot be unpacked as {message.type}: {error!r}")


def _track(numbers: _Numbers, size: int, angles: tuple[int, ...] = ()) -> Track:
    times, rows = in_order(numbers.times)
    values = np.asarray(numbers.values, dtype=np.float64).reshape(-1, size)[rows]
    return Track(times, values, angles)


def _turns(sensor: VectorSensor) -> tuple[int, ...]:
    return () if sensor.is_joints else tuple(i for i, name in enumerate(sensor.names) if name == YAW)


def picture_of(kind: str, unpacked: Any) -> ImageArray:
    """Return the pixels (H, W, 3) of an unpacked image message of a kind, raw or compressed.

    Raises:
        ImageError: it is invalid, or has more than MOST_PIXELS.
    """
    decode = image_from_compressed if kind == COMPRESSED_IMAGE else image_from_ros
    return decode(unpacked, MOST_PIXELS)


def overlap(tracks: Sequence[Track | Frames]) -> tuple[int, int]:
    """Return when all of them have begun and none has ended, ns; end before begin if never."""
    return max(int(one.times[0]) for one in tracks), min(int(one.times[-1]) for one in tracks)
