# SPDX-License-Identifier: Apache-2.0
"""The driver's process: joint states from the servos, commands to them, and what is wrong with them."""

from __future__ import annotations

import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64
from std_srvs.srv import SetBool

from ami_ros.body.groups import ArmGroup
from ami_ros.body.robot_spec import Carried, RobotSpec
from ami_ros.configuration import Configuration
from ami_ros.devices.servo_arm import ArmReading, JointLimits, ServoArm
from ami_ros.devices.servo_bus import TROUBLES, PortError, ServoBus
from ami_ros.devices.servo_calibration import Servo, read_servos
from ami_ros.errors import ConfigError, DeviceError, JointStateError
from ami_ros.node_settings import NodeSettings, So101Settings
from ami_ros.ros.wire.commands import from_message, message_type
from ami_ros.ros.wire.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.wire.health import Health, HealthReports
from ami_ros.ros.wire.message_fields import stamp_of
from ami_ros.ros.wire.messages import joints_to_ros
from ami_ros.ros.wire.node_main import node_main, spin_and_leave
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.wire.qos import STATE
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.system.extras import require
from ami_ros.types import checked_joints


class So101Node(Node):
    """Publishes joint states and obeys the robot's outputs; `~/<motor>` (rad) commands one without output.

    It connects by itself, again whenever the arm was away, and then waits for new commands. Whatever ends it,
    the servos hold their last goals, unless `release_on_exit` or `~/torque` says otherwise.
    """

    def __init__(self) -> None:
        super().__init__("so101")
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(So101Settings, config_path("so101_node.yaml")))
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, So101Settings)
        configuration = Configuration.of_node(settings_from_parameters(self, NodeSettings))
        self._spec = spec = configuration.spec
        servos = _servos_of(self.settings, spec)
        limits = _limits_of(spec, servos, self.settings.speed)
        bus = ServoBus(self.settings.port, self.settings.baud_rate, self.settings.answer_s)
        self._bus, self._arm = bus, ServoArm(bus, servos, limits)
        self.errors = ErrorLog(self)
        self._targets: dict[str, float] = {}
        self._reading: ArmReading | None = None
        self._away = "not connected yet"  # why there is no arm; empty: there is one
        self._try_s = self._commanded_s = 0.0
        self._reported: Counter[str] = Counter()
        tick_s = 1.0 / configuration.safety.rate_hz
        for carried in spec.outputs:
            period_s = 1.0 / carried.output.rate_hz if carried.output.rate_hz else tick_s
            take = guarded(self.errors, partial(self._on_command, carried, round(period_s * 1e9)))
            self.create_subscription(message_type(carried.output.of), carried.output.topic, take, STATE)
        for name in set(servos) - set(spec.command_names):
            take = guarded(self.errors, partial(self._on_angle, name))
            self.create_subscription(Float64, f"~/{name}", take, STATE)
        self._joints = {topic: self._places(names) for topic, names in _published(spec, servos).items()}
        self._outputs = {topic: self.create_publisher(JointState, topic, STATE) for topic in self._joints}
        self.create_service(SetBool, "~/torque", self._on_torque)
        rate_hz = max(sensor.rate_hz for sensor in spec.vectors if sensor.is_joints)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / rate_hz, guarded_timer(self.errors, self._tick), clock=steady)
        self._health = HealthReports(self, "so101: servos", spec.name, self.errors, self._report)

    def leave(self) -> None:
        """Leave the arm as it is; released only where `release_on_exit` says so."""
        try:
            if self.settings.release_on_exit and self._bus.is_open:
                self._arm.release()
        except DeviceError as error:
            self.errors.report("release_on_exit", error)
        self._arm.close()

    def _tick(self) -> None:
        now_s = time.monotonic()
        try:
            if self._away:
                if now_s < self._try_s:
                    return
                self._try_s = now_s + self.settings.reconnect_s
                self._arm.connect()
                self._away, self._targets = "", {}  # older commands are of another situation
                self.get_logger().info(f"connected to {self.settings.port}: {list(self._arm.names)}")
            self._reading = self._arm.step(self._targets, time.monotonic())
        except DeviceError as error:
            self._away, self._reading = str(error), None
            if isinstance(error, PortError):
                self._try_s = now_s + self.settings.reconnect_s
            self.errors.report("arm", error)
            return
        if self._reading is not None:
            self._publish(self._reading)
            for name, faults in self._reading.faults.items():
                self.errors.report(name, DeviceError(f"servo reports {', '.join(faults)}: the arm holds"))

    def _publish(self, reading: ArmReading) -> None:
        stamp_ns = self.get_clock().now().nanoseconds
        for topic, (names, places) in self._joints.items():
            position, velocity = reading.position[places], reading.velocity[places]
            self._outputs[topic].publish(joints_to_ros(names, position, velocity, stamp_ns))

    def _places(self, names: list[str]) -> tuple[list[str], list[int]]:
        return names, [self._arm.names.index(name) for name in names]

    def _on_command(self, carried: Carried, tick_ns: int, message: Any) -> None:
        if len(points := getattr(message, "points", ())) > 1:
            raise JointStateError(
                f"command: got {len(points)} points, expected one, of this moment, as the gate sends"
            )
        now_ns = self.get_clock().now().nanoseconds
        age_s = (now_ns - (stamp_of(message, now_ns) or now_ns)) / 1e9  # 0: now, as ros2_control has it
        if abs(age_s) > self.settings.command_age_s:
            raise JointStateError(
                f"command: got a stamp {age_s:.2f} s old, expected at most "
                f"command_age_s {self.settings.command_age_s}"
            )
        if self._away or not self._arm.torque:
            return
        known = {**self._arm.goals, **self._targets}
        before = np.array([known[name] for name in carried.names])
        command = from_message(message, carried.output.of, carried.names, before, tick_ns, now_ns)
        self._take(dict(zip(carried.names, command.position.tolist(), strict=True)))

    def _on_angle(self, name: str, message: Float64) -> None:
        (angle,) = checked_joints([message.data], f"command of {name}").tolist()
        if not self._away and self._arm.torque:
            self._take({name: angle})

    def _take(self, targets: dict[str, float]) -> None:
        self._targets |= targets
        self._commanded_s = time.monotonic()

    def _on_torque(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._targets = {}
        try:
            if self._away:
                raise DeviceError(self._away)
            if request.data:
                self._arm.hold()
            else:
                self._arm.release()
            response.success, response.message = True, "holds" if request.data else "released"
        except DeviceError as error:
            response.success, response.message = False, str(error)
        return response

    def _report(self) -> Health:
        counts = Counter({kind: self._bus.troubles[kind] for kind in TROUBLES})
        new = counts - self._reported
        self._reported = counts
        figures: dict[str, object] = {f"answers_{kind}": counts[kind] for kind in TROUBLES}
        if self._away:
            return Health(DiagnosticStatus.ERROR, self._away, figures)
        states = {} if self._reading is None else self._reading.states
        for name, state in states.items():
            figures[name] = f"{state.temperature} degrees C, {state.voltage:.1f} V, load {state.load:.0%}"
        warned = []
        if faults := {} if self._reading is None else self._reading.faults:
            text = "; ".join(f"{name}: {', '.join(found)}" for name, found in faults.items())
            return Health(DiagnosticStatus.ERROR, f"holds: {text}", figures)
        for name, state in states.items():
            if state.temperature >= self.settings.hot:
                warned.append(
                    f"{name} is hot: {state.temperature} degrees C, expected less than {self.settings.hot}"
                )
        if new:
            text = ", ".join(f"{count} {kind}" for kind, count in new.items())
            warned.append(f"answers of servos in the last second: {text}")
        if not self._arm.torque:
            warned.append("the torque is off")
        for text in warned:
            self.errors.report("servos", DeviceError(text))
        if warned:
            return Health(DiagnosticStatus.WARN, "; ".join(warned), figures)
        if not self._targets:
            return Health(DiagnosticStatus.OK, "holds: no command yet", figures)
        quiet_s = time.monotonic() - self._commanded_s
        late = quiet_s > self.settings.command_age_s
        text = f"holds: no command for {quiet_s:.1f} s" if late else "follows commands"
        return Health(DiagnosticStatus.OK, text, figures)


def _servos_of(settings: So101Settings, spec: RobotSpec) -> dict[str, Servo]:
    """Return the servos of the calibration file. Raises ConfigError where they are not the robot's."""
    if not settings.calibration:
        raise ConfigError(
            "calibration: got nothing, expected the file that lerobot-calibrate wrote for this arm"
        )
    servos = dict(read_servos(Path(settings.calibration).expanduser()))
    wanted = {*spec.command_names, *(name for one in spec.vectors if one.is_joints for name in one.names)}
    if missing := sorted(wanted - set(servos)):
        raise ConfigError(
            f"{settings.calibration}: got motors {list(servos)}, expected also {missing} of robot {spec.name}"
        )
    for group in () if spec.is_driven else spec.groups:
        units = {channel.unit for channel in group.actions.channels}
        if not isinstance(group, ArmGroup) and units != {"rad"}:
            raise ConfigError(
                f"group {group.name} of robot {spec.name}: got units {sorted(units)}, expected rad"
            )
    return servos


def _limits_of(spec: RobotSpec, servos: dict[str, Servo], speed: float) -> dict[str, JointLimits]:
    """Return the limits of each servo's joint: the robot's, and `speed` (rad/s)."""
    own = spec.limits
    places = {name: place for place, name in enumerate(spec.command_names)}

    def limit(values: Any, name: str, otherwise: float) -> float:
        return float(values[places[name]]) if values is not None and name in places else otherwise

    return {
        name: JointLimits(
            limit(own.lower, name, -np.inf),
            limit(own.upper, name, np.inf),
            min(speed, limit(own.velocity, name, speed)),
        )
        for name in servos
    }


def _published(spec: RobotSpec, servos: dict[str, Servo]) -> dict[str, list[str]]:
    """Return topic -> joints of its message: those of its sensors, with the arm's those declared as held."""
    found: dict[str, list[str]] = {}
    for sensor in spec.vectors:
        if sensor.is_joints:
            found.setdefault(sensor.topic, []).extend(sensor.names)
    if spec.joint_sensors:
        topic = spec.sensors[spec.joint_sensors[0]].topic
        found[topic] += [name for name in spec.simulation.held if name in servos]
    return {topic: list(dict.fromkeys(names)) for topic, names in found.items()}


def main() -> int:
    """Run the driver."""

    def factory() -> So101Node:
        require("so101")
        return So101Node()

    return node_main("so101", factory, loop=spin_and_leave)


if __name__ == "__main__":
    sys.exit(main())
