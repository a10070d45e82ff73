# SPDX-License-Identifier: Apache-2.0
"""Whether everything that ami_ros needs is installed and works."""

from __future__ import annotations

import os
import sys

from ami_ros.doctor.finding import Finding
from ami_ros.errors import AmiError
from ami_ros.system.extras import missing_modules

PYTHONS = ((3, 10), (3, 14))
ROUND_TRIP = ([(128, 128)], 10.0, 1.0)  # sizes [px], rate [Hz], duration [s]
INSTALL = "make venv, and use .venv/bin/ami-ros"


def python() -> Finding:
    """Check the interpreter's version."""
    version, (lowest, highest) = sys.version_info[:2], PYTHONS
    found = f"{sys.version.split()[0]}, {sys.executable}"
    if lowest <= version <= highest:
        return Finding("python", "ok", found)
    return Finding("python", "fail", found, "use Python 3.10 to 3.14: make venv PYTHON=python3.11")


def torch() -> Finding:
    """Check that torch can be imported, and report its device."""
    try:
        import torch as library
    except (ImportError, OSError) as error:
        return Finding("torch", "fail", str(error), INSTALL)
    cuda = library.cuda.get_device_name(0) if library.cuda.is_available() else "no CUDA (not needed)"
    return Finding("torch", "ok", f"{library.__version__}, {library.get_num_threads()} threads, {cuda}")


def rclpy() -> Finding:
    """Check that ROS 2 is there and can be imported in a separate process."""
    import subprocess

    if missing := missing_modules("ros"):
        advice = f"{INSTALL}; or source a ROS 2 installation"
        return Finding("ROS 2", "fail", f"missing: {', '.join(missing)}", advice)
    code = "import rclpy; print(rclpy.get_rmw_implementation_identifier())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        advice = (
            "two ROS 2 installations are mixed, or PYTHONPATH points elsewhere: try a fresh shell without "
            "sourcing"
        )
        return Finding("ROS 2", "fail", last, advice)
    middleware = run.stdout.strip()
    if middleware != "rmw_fastrtps_cpp":
        return Finding(
            "ROS 2",
            "warn",
            middleware,
            "only rmw_fastrtps_cpp is tuned for large images; measure yours: ami-ros bench camera",
        )
    return Finding("ROS 2", "ok", f"{os.environ.get('ROS_DISTRO', 'from wheels')}, {middleware}")


def simulator() -> Finding:
    """Check that PyBullet can be imported and renders arrays."""
    if missing := missing_modules("sim"):
        return Finding("simulator", "fail", f"missing: {', '.join(missing)}", INSTALL)
    try:
        from ami_ros.sim.pybullet.bullet import RENDERS_ARRAYS
    except ImportError as error:
        return Finding("simulator", "fail", str(error), INSTALL)
    if not RENDERS_ARRAYS:
        return Finding(
            "simulator", "warn", "built without numpy: slow", "rebuild it with numpy: make clean venv"
        )
    return Finding("simulator", "ok", "PyBullet, renders arrays")


def packages(name: str, extra: str) -> Finding:
    """Check that the packages of an extra are there."""
    if missing := missing_modules(extra):
        return Finding(name, "fail", f"missing: {', '.join(missing)}", INSTALL)
    return Finding(name, "ok", "installed")


def plugins() -> Finding:
    """List what other packages add, without importing it; fail where a name has two origins."""
    from ami_ros.planning.sections import SOLVERS, TERMS
    from ami_ros.safety.sections import FOLDERS, known
    from ami_ros.settings.plugins import GROUPS, clash, found, offers, origin
    from ami_ros.settings.share import config_path
    from ami_ros.sim.tasks.by_name import KINDS

    ours = {parts.group: {name: parts.package for name in parts.ours()} for parts in (TERMS, SOLVERS, KINDS)}
    ours |= {f"ami_ros.{part}": dict.fromkeys(known(part), f"ami_ros.safety.{part}") for part in FOLDERS}
    robots = {path.stem: str(path) for path in config_path("robots").glob("*.yaml")}
    ours |= {"ami_ros.robots": robots, "ami_ros.evaluations": robots}
    lines, clashes = [], []
    for group, what in GROUPS.items():
        lines += [f"{what} {entry.name}: {origin(entry)}, {group}" for entry in offers(group)]
        for name in found(group):
            if (origins := clash(group, name, ours.get(group, {}).get(name, ""))) is not None:
                clashes.append(f"{what} {name}: {origins}")
    if clashes:
        return Finding("plugins", "fail", "; ".join(clashes), "uninstall or rename all but one of each name")
    return Finding("plugins", "ok", "\n".join(lines) or "none")


def round_trip() -> Finding:
    """Check for a second that two processes receive each other's messages."""
    from ami_ros.bench.camera import bench_camera

    if missing_modules("ros"):
        return Finding("DDS round trip", "fail", "not tried: no ROS 2", "see ROS 2 above")
    advice = "check whether a firewall or container blocks the loopback interface, and see DDS profile above"
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
