# SPDX-License-Identifier: Apache-2.0
"""Where figures were measured: hardware and versions, without importing the packages named."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from ami_ros import __version__

PACKAGES = ("torch", "numpy", "pybullet", "pin", "opencv-python-headless", "ros-rclpy", "ros-fastdds", "av")


def hardware() -> dict[str, str | int]:
    """Return the processor's name, the cores this process may use, memory in GiB and the system."""
    can_ask = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if can_ask else os.cpu_count() or 1
    facts: dict[str, str | int] = {
        "cpu": _cpu_name(),
        "cores": cores,
        "system": platform.platform(terse=True),
    }
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        facts["memory_gib"] = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
    return facts


def versions() -> dict[str, str]:
    """Return version by package name; absent packages are left out."""
    found = {"ami_ros": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if distribution := os.environ.get("ROS_DISTRO"):
        found["ROS_DISTRO"] = distribution
    return found


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [
        line.partition(":")[2].strip() for line in lines if line.lower().startswith(("model name", "model\t"))
    ]
    named = [name for name in names if name and not name.isdigit()]
    return named[0] if named else platform.processor() or platform.machine()
