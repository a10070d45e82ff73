# SPDX-License-Identifier: Apache-2.0
"""Whether a simulated arm carries itself: efforts in URDFs are often placeholders."""

from __future__ import annotations

from ami_ros.doctor.finding import Finding
from ami_ros.errors import AmiError

WAIT_NS = 1_000_000_000


def standing(robot: str | None, task: str | None) -> Finding:
    """Check that an arm commanded to stay at home is still there after a second of simulation."""
    from ami_ros.system.extras import missing_modules

    if missing_modules("sim"):
        return Finding("standing", "warn", "not tried: no simulator", "pip install -e '.[sim]'")

    import numpy as np

    from ami_ros.body.simulation import NoSimulation
    from ami_ros.configuration import Configuration
    from ami_ros.sim.world.open_world import open_world
    from ami_ros.types import Command

    try:
        configuration = Configuration.load(robot, task)
        spec, tolerated = configuration.spec, configuration.safety.tracking_error
        if not spec.arms or isinstance(spec.simulation, NoSimulation):
            return Finding("standing", "ok", "no arm, or no simulation of one")
        world = open_world(spec, configuration.sim.physics_hz)
    except AmiError as error:
        return Finding("standing", "warn", f"not tried: {error}", "correct that to simulate it")
    try:
        world.reset(spec.home)
        world.advance(Command(spec.home, np.zeros_like(spec.home), 0), WAIT_NS)
        joints = world.body().get("joints")
    finally:
        world.close()
    effort = spec.arm.limits.effort
    if joints is None or effort is None:  # an external process simulates it
        return Finding("standing", "ok", "not simulated by ami_ros")
    units = next(sensor.units for sensor in spec.vectors if sensor.name == spec.joint_sensor)
    gap = np.abs(joints - spec.arm.home)
    worst = int(gap.argmax())
    far = f"{gap[worst]:.2f} {units[worst]}"
    if gap[worst] <= tolerated:
        return Finding("standing", "ok", f"it stays within {far} of home for a second of simulation")
    found = (
        f"commanded to stay at home, {spec.joint_names[worst]} gives way by {far} in a second of simulation, "
        f"with an effort of {effort[worst]:g}: the gate will hold it"
    )
    advice = (
        "correct the URDF where it cannot carry the arm: efforts, masses, or inertias too small to simulate; "
        "springs and counterweights are not simulated"
    )
    return Finding("standing", "warn", found, advice)
