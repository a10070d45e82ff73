# SPDX-License-Identifier: Apache-2.0
"""The checks of `ami-ros doctor`: each returns a finding, none raises."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ami_ros.errors import AmiError
from ami_ros.extras import missing_modules

PYTHONS = ((3, 10), (3, 13))
ROUND_TRIP = ([(128, 128)], 10.0, 1.0)  # sizes [px], rate [Hz], duration [s]
GRID = 4  # places along each side of the workspace
CORNERS = 4  # of these places may be out of reach
INSTALL = "make venv, and use .venv/bin/ami-ros"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: of the check.
        level: ok, warn or fail.
        found: what is there.
        advice: what to do about it; empty when ok.
    """

    name: str
    level: str
    found: str
    advice: str = ""


def all_checks(robot: str | None, task: str | None, model: Path | None) -> list[Callable[[], Finding]]:
    """Return the checks in the order people fix things."""
    return [
        python,
        torch,
        rclpy,
        dds_profile,
        shared_memory,
        simulator,
        partial(packages, "report and training", "train"),
        partial(limits, robot, task),
        partial(workspace, robot, task),
        partial(shipped, robot, task, model),
        round_trip,
    ]


def python() -> Finding:
    """Check the interpreter's version."""
    version, (lowest, highest) = sys.version_info[:2], PYTHONS
    found = f"{sys.version.split()[0]}, {sys.executable}"
    if lowest <= version <= highest:
        return Finding("python", "ok", found)
    return Finding("python", "fail", found, "use Python 3.10 to 3.13: make venv PYTHON=python3.11")


def torch() -> Finding:
    """Check that torch can be imported, and say what it runs on."""
    try:
        import torch as library
    except (ImportError, OSError) as error:
        return Finding("torch", "fail", str(error), INSTALL)
    cuda = library.cuda.get_device_name(0) if library.cuda.is_available() else "no CUDA (not needed)"
    return Finding("torch", "ok", f"{library.__version__}, {library.get_num_threads()} threads, {cuda}")


def rclpy() -> Finding:
    """Check that ROS 2 is there and can be imported in a process of its own."""
    import subprocess

    if missing := missing_modules("ros"):
        advice = f"{INSTALL}; or source a ROS 2 installation"
        return Finding("ROS 2", "fail", f"missing: {', '.join(missing)}", advice)
    code = "import rclpy; print(rclpy.get_rmw_implementation_identifier())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        advice = "two ROS 2 are mixed, or PYTHONPATH points elsewhere: try in a fresh shell without sourcing"
        return Finding("ROS 2", "fail", last, advice)
    middleware = run.stdout.strip()
    if middleware != "rmw_fastrtps_cpp":
        return Finding(
            "ROS 2", "warn", middleware, "large images are tuned for rmw_fastrtps_cpp only: bench camera"
        )
    return Finding("ROS 2", "ok", f"{os.environ.get('ROS_DISTRO', 'from wheels')}, {middleware}")


def dds_profile() -> Finding:
    """Check which Fast DDS profile the processes that we start will load."""
    from ami_ros.launch_arguments import DDS_PROFILE, DDS_PROFILE_BEFORE_3, dds_environment
    from ami_ros.share import config_path

    variables = (DDS_PROFILE, DDS_PROFILE_BEFORE_3)
    try:
        profile = config_path("dds", "large_data_shm.xml")
    except AmiError as error:
        return Finding("DDS profile", "fail", str(error), "reinstall ami_ros")
    if ours := dds_environment(profile, os.environ):
        path, found = Path(next(iter(ours.values()))), f"{profile.name}, set for the nodes that we start"
    else:
        path = Path(next(filter(None, (os.environ.get(name) for name in variables))))
        found = f"yours: {path}"
    if not path.is_file():
        return Finding("DDS profile", "fail", f"{path}: no such file", f"unset {' and '.join(variables)}")
    return Finding("DDS profile", "ok", found)


def shared_memory() -> Finding:
    """Check that /dev/shm has room for the images of our nodes, and is not full of what killed ones left."""
    from ami_ros.launch_arguments import NODES
    from ami_ros.system.shared_memory import FOLDER, leftovers, room, shortage

    stale = leftovers(remove=False)
    advice = f"the next node that starts removes {stale}" if stale.segments else ""
    if missing := shortage(len(NODES)):
        more = "mount -o remount,size=1g /dev/shm; in Docker: --shm-size=1g, or --ipc=host"
        return Finding("shared memory", "warn", missing, "; ".join(filter(None, [advice, more])))
    return Finding("shared memory", "warn" if advice else "ok", room(FOLDER), advice)


def simulator() -> Finding:
    """Check that PyBullet can be imported and renders arrays."""
    if missing := missing_modules("sim"):
        return Finding("simulator", "fail", f"missing: {', '.join(missing)}", INSTALL)
    try:
        from ami_ros.sim.world.bullet import renders_arrays
    except ImportError as error:
        return Finding("simulator", "fail", str(error), INSTALL)
    if not renders_arrays():
        return Finding(
            "simulator", "warn", "built without numpy: slow", "make clean venv: rebuilds it with numpy"
        )
    return Finding("simulator", "ok", "PyBullet, renders arrays")


def packages(name: str, extra: str) -> Finding:
    """Check that the packages of an extra are there."""
    if missing := missing_modules(extra):
        return Finding(name, "fail", f"missing: {', '.join(missing)}", INSTALL)
    return Finding(name, "ok", "installed")


def limits(robot: str | None, task: str | None) -> Finding:
    """Check that the gate has limits to watch over, and knows where the links are."""
    from ami_ros.configuration import Configuration
    from ami_ros.safety.gate_body import GateBody

    try:
        spec = Configuration.load(robot, task).spec
        GateBody.of_robot(spec)
    except AmiError as error:
        return Finding("robot", "fail", str(error), "mend its YAML or URDF: see config/robots/panda.yaml")
    what = f"{spec.name}: {', '.join(spec.sensors)}; {len(spec.command_names)} commanded channels"
    if free := spec.limits.unlimited():
        advice = "the gate cannot watch what has no limit: give one in the robot's YAML, if there is one"
        return Finding("robot", "warn", f"{what}, without limit of {', '.join(free)}", advice)
    return Finding("robot", "ok", what)


def workspace(robot: str | None, task: str | None) -> Finding:
    """Check that an arm reaches all of its workspace, with the orientation at home unless that is free."""
    import itertools

    import numpy as np

    from ami_ros.body.kinematics import Kinematics
    from ami_ros.configuration import Configuration
    from ami_ros.errors import KinematicsError

    try:
        spec = Configuration.load(robot, task).spec
        if spec.arm is None:
            return Finding("workspace", "ok", "no arm")
        kinematics = Kinematics(spec)
    except AmiError as error:
        return Finding("workspace", "fail", str(error), "see robot above")
    corners, beyond = spec.workspace, []
    for share in itertools.product(np.linspace(0.0, 1.0, GRID), repeat=3):
        place = corners[0] + np.array(share) * (corners[1] - corners[0])
        try:
            kinematics.solve(place)
        except KinematicsError:
            beyond.append(np.round(place, 3).tolist())
    if len(beyond) <= CORNERS:  # tasks draw again what is too far out
        return Finding("workspace", "ok", f"{GRID**3 - len(beyond)} of {GRID**3} places in it can be reached")
    advice = "make arm.workspace smaller, or turn the tip otherwise at arm.home"
    found = f"{len(beyond)} of {GRID**3} places in it cannot be reached, the first {beyond[0]}"
    return Finding("workspace", "warn" if len(beyond) < GRID**3 // 2 else "fail", found, advice)


def shipped(robot: str | None, task: str | None, model: Path | None) -> Finding:
    """Check the model's hash, and its contract against the robot."""
    from ami_ros.configuration import Configuration
    from ami_ros.experiment.experiment import prepare

    try:
        if model is None and not (file := Configuration.load(robot, task).shipped_model).is_file():
            advice = f"to plan, make one: ami-ros model {_named('--robot', robot)}{_named('--task', task)}"
            return Finding("model", "warn", f"none yet for this robot and task: {file}", advice.strip())
        experiment = prepare(robot, task, model)
    except AmiError as error:
        return Finding("model", "fail", str(error), "git checkout models, or make model")
    fits = f"fits {experiment.spec.name}"
    return Finding("model", "ok", f"{experiment.model.parent.name}, SHA-256 {experiment.sha256[:12]}, {fits}")


def _named(option: str, value: str | None) -> str:
    return f"{option} {value} " if value else ""


def round_trip() -> Finding:
    """Check for a second that two processes hear each other."""
    from ami_ros.bench.camera import bench_camera

    if missing_modules("ros"):
        return Finding("DDS round trip", "fail", "not tried: no ROS 2", "see ROS 2 above")
    advice = "a firewall or container may block the loopback interface; or see DDS profile above"
    try:
        figures = next(iter(bench_camera(*ROUND_TRIP).values()))
    except AmiError as error:
        return Finding("DDS round trip", "fail", str(error), advice)
    found = f"{figures['received']} of {figures['sent']} images"
    if not figures["received"]:
        return Finding("DDS round trip", "fail", found, advice)
    level = "ok" if figures["received"] == figures["sent"] else "warn"
    return Finding(
        "DDS round trip",
        level,
        f"{found}, {figures['latency_ms_p50']:.1f} ms",
        "" if level == "ok" else advice,
    )
