# SPDX-License-Identifier: Apache-2.0
"""All checks of a robot's topics, in the order in which people fix things."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ami_ros.body.meanings.by_name import observed_vectors
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, Sensor, VectorSensor
from ami_ros.configuration import Configuration
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.live import numbers, pairing, pictures, publishers, timing
from ami_ros.doctor.live.heard import HeardRobot, HeardTopic
from ami_ros.doctor.live.pictures import Stir
from ami_ros.node_settings import ProposingSettings
from ami_ros.recordings.velocity_share import agrees, travelled, velocity_share
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path

LEAST_TRAVEL = 0.02  # rad or m, sum over the joints: with less, noise dominates


def speeds(sensor: VectorSensor, heard: HeardTopic) -> Finding | None:
    """Check velocities against positions; None without velocities, or if nothing moved far enough."""
    samples = [sample for sample in heard.samples if not sample.error]
    if not sensor.is_joints or len(samples) < 3:
        return None
    table, times = np.array([sample.value for sample in samples]), heard.times / 1e9
    if len(times) != len(table) or (np.diff(times) <= 0.0).any():
        return None  # `losses` reports it
    position, velocity = np.hsplit(table, 2)
    moved, reported = np.diff(position, axis=0), np.diff(travelled(times, velocity), axis=0)
    if np.abs(moved).sum() < LEAST_TRAVEL or not velocity.any():
        return None
    # Over all joints together.
    share = velocity_share(np.array([(reported * moved).sum()]), np.array([(moved * moved).sum()]))
    name, figures = f"{sensor.name}: velocities", {"velocity_share": float(share[0])}
    found = f"{share[0]:.3g} times the change of the positions"
    if agrees(share).all():
        return Finding(name, "ok", found, "", figures)
    unit = " or ".join(dict.fromkeys(sensor.units[len(sensor.names) :]))
    advice = f"make the driver send velocities in {unit} and in the order of the names, or not at all"
    return Finding(name, "warn", found, advice, figures)


SETTLES = 1e-6  # rad and so on: an arm that settles in a simulator moves less, real encoders more


def live_checks(configuration: Configuration, robot: HeardRobot) -> list[Finding]:
    """Return the findings on a robot's topics."""
    spec = configuration.spec
    findings = [_clock(robot)] if robot.has_clock else []
    for sensor in spec.sensors.values():
        findings += _of_sensor(configuration, sensor, robot)
    findings += _skews(spec, robot)
    for output in robot.outputs:
        findings += [publishers.controller(output.commands, robot), publishers.commander(output)]
    return [*findings, *_set_points(spec)]


def _set_points(spec: RobotSpec) -> Iterator[Finding]:
    """Check that a sensor measures the set points in force, so that commands begin there."""
    for group in spec.groups:
        if group.actions.meaning != "setpoint":
            continue
        name, sensor = f"{group.name}: in force", group.feedback(spec.sensors)[0]
        if sensor and "gate" in spec.sensors[sensor].used_by:
            yield Finding(name, "ok", f"{sensor} measures them: commands begin there")
            continue
        rests = ", ".join(f"{one.name} {one.rest:g} {one.unit}" for one in group.actions.channels)
        advice = (
            "give them a sensor that the gate uses, with a value of the same name and unit for each "
            "channel; without one, bring the plant to its rest before you start the gate"
        )
        yield Finding(name, "warn", f"no sensor measures them: commands begin at rest ({rests})", advice)


def _clock(robot: HeardRobot) -> Finding:
    return Finding("clock", "ok", "simulated time from /clock: start the nodes with use_sim_time")


def _of_sensor(configuration: Configuration, sensor: Sensor, robot: HeardRobot) -> Iterator[Finding]:
    spec, heard = configuration.spec, robot.sensors[sensor.name]
    yield publishers.publisher(sensor, heard, robot)
    if not heard.right:
        return
    yield publishers.quality(sensor, heard)
    if not heard.samples:
        yield _silent(sensor, heard, robot)
        return
    health = timing.health_of(sensor, heard, spec.step_ns)
    yield timing.rate(sensor, heard, robot.duration_s, _least_hz(spec, sensor))
    yield timing.losses(sensor, heard, health)
    yield timing.stamps(sensor, heard, configuration.safety.future_tolerance_s, robot.has_clock)
    if isinstance(sensor, ImageSensor):
        yield pictures.picture(sensor, heard)
        frozen = pictures.frozen(sensor, heard, _stir(configuration, robot))
    else:
        limits = spec.limits if _is_arm(spec, sensor) else None
        yield numbers.values(sensor, heard, spec.simulation.held, limits)
        frozen = numbers.still(sensor, heard)
        if (finding := numbers.banded(sensor, heard)) is not None:
            yield finding
        if (finding := speeds(sensor, heard)) is not None:
            yield finding
    if frozen is not None:
        yield frozen


def _silent(sensor: Sensor, heard: HeardTopic, robot: HeardRobot) -> Finding:
    found = f"{heard.right[0].node} is running but sent nothing in {robot.duration_s:g} s"
    advice = (
        "does it wait for something (a trigger, a calibration, a paused simulator)? If it does send, check "
        "for a firewall, or containers without --ipc=host"
    )
    return Finding(f"{sensor.name}: rate", "fail", found, advice)


def _skews(spec: RobotSpec, robot: HeardRobot) -> Iterator[Finding]:
    gap_s = load_settings(ProposingSettings, config_path("proposing_node.yaml")).pair_gap_s
    for image in spec.images_for("model"):
        for vector in observed_vectors(spec):
            seen, told = robot.sensors[image.name], robot.sensors[vector.name]
            if (finding := pairing.skew(image, vector, seen, told, gap_s)) is not None:
                yield finding


def _least_hz(spec: RobotSpec, sensor: Sensor) -> float:
    """Return how often the planner needs a sensor; 0 if an older reading is enough."""
    is_seen = isinstance(sensor, ImageSensor) and "model" in sensor.used_by
    return spec.actions.rate_hz if is_seen or _is_arm(spec, sensor) else 0.0


def _is_arm(spec: RobotSpec, sensor: Sensor) -> bool:
    return sensor.name in spec.joint_sensors


def _stir(configuration: Configuration, robot: HeardRobot) -> Stir:
    spec, stir = configuration.spec, Stir.STILL
    for vector in spec.vectors:
        heard = robot.sensors[vector.name].samples
        told = np.array([sample.value for sample in heard if not sample.error])
        if not len(told) or np.allclose(told, told[0], rtol=SETTLES, atol=SETTLES):
            continue
        stir = Stir.ALIVE
        travel = np.ptp(told[:, : len(vector.names)], axis=0).max()
        if _is_arm(spec, vector) and travel > configuration.safety.still_joints_travel:
            return Stir.MOVED
    return stir
