# SPDX-License-Identifier: Apache-2.0
"""The machine's resources for the nodes: DDS, shared memory, disk, processor."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ami_ros.doctor.finding import Finding
from ami_ros.errors import AmiError

LEAST_FREE = 10**8  # bytes, of a disk with data still to be written


def domain() -> Finding:
    """Check which nodes discover each other: ROS_DOMAIN_ID, and the range of discovery."""
    from ami_ros.launching.environment import DISCOVERY, DISCOVERY_HUMBLE, DOMAIN, DOMAINS, domain_of

    name = "ROS domain"
    try:
        number = domain_of(os.environ)
    except AmiError as error:
        advice = f"export {DOMAIN}={DOMAINS[0]} to {DOMAINS[-1]}, that of the robot"
        return Finding(name, "fail", str(error), advice)
    reach = os.environ.get(DISCOVERY) or "SUBNET"
    if os.environ.get(DISCOVERY_HUMBLE) == "1":
        reach = "LOCALHOST"
    who = {"LOCALHOST": "this machine only", "OFF": "nothing"}.get(reach, "this machine and its network")
    found = f"{DOMAIN} {number}{'' if os.environ.get(DOMAIN) else ' (not set)'}, discovers {who} ({reach})"
    if reach == "OFF":
        return Finding(name, "warn", found, f"nodes receive nothing: export {DISCOVERY}=LOCALHOST or SUBNET")
    return Finding(name, "ok", found)


def dds_profile() -> Finding:
    """Check which Fast DDS profile the processes that we start will load."""
    from ami_ros.launching.environment import DDS_PROFILE, DDS_PROFILE_BEFORE_3, dds_environment
    from ami_ros.settings.share import config_path

    variables = (DDS_PROFILE, DDS_PROFILE_BEFORE_3)
    try:
        profile = config_path("dds", "large_data_shm.xml")
    except AmiError as error:
        return Finding("DDS profile", "fail", str(error), "reinstall ami_ros")
    if ours := dds_environment(profile, os.environ):
        path, found = (
            Path(next(iter(ours.values()))),
            f"{profile.name}, set for the nodes that ami-ros starts",
        )
    else:
        path = Path(next(filter(None, (os.environ.get(name) for name in variables))))
        found = f"yours: {path}"
    if not path.is_file():
        return Finding("DDS profile", "fail", f"{path}: no such file", f"unset {' and '.join(variables)}")
    return Finding("DDS profile", "ok", found)


def shared_memory() -> Finding:
    """Check that /dev/shm has room for our nodes' images, and is not full of leftovers of killed nodes."""
    from ami_ros.launching.arguments import LOOP
    from ami_ros.system.shared_memory import FOLDER, leftovers, room, shortage

    stale = leftovers(remove=False)
    advice = f"the next node that starts removes {stale}" if stale.segments else ""
    if missing := shortage(len(LOOP)):
        more = "mount -o remount,size=1g /dev/shm; in Docker: --shm-size=1g, or --ipc=host"
        return Finding("shared memory", "warn", missing, "; ".join(filter(None, [advice, more])))
    return Finding("shared memory", "warn" if advice else "ok", room(FOLDER), advice)


def disk(robot: str | None, task: str | None) -> Finding:
    """Check that the disk has room for recordings in this folder, and for the robot's memory."""
    from ami_ros.configuration import Configuration
    from ami_ros.node_settings import RecorderSettings
    from ami_ros.settings.fields import load_settings
    from ami_ros.settings.share import config_path

    try:
        configuration = Configuration.load(robot, task)
        recordings_gb = load_settings(RecorderSettings, config_path("recorder.yaml")).max_gb
        wanted = {
            Path.cwd(): recordings_gb,
            configuration.memory_file().parent: configuration.memory.most_mb / 1e3,
        }
    except AmiError as error:
        return Finding("disk", "fail", str(error), "see robot")
    free_gb = {folder: shutil.disk_usage(_there(folder)).free / 1e9 for folder in wanted}
    found = "; ".join(
        f"{free_gb[folder]:.1f} GB free for {what}, which may take {wanted[folder]:g} ({folder})"
        for folder, what in zip(wanted, ("recordings", "memory"), strict=True)
    )
    short = [folder for folder in wanted if free_gb[folder] < wanted[folder]]
    if not short:
        return Finding("disk", "ok", found)
    is_full = any(free_gb[folder] < LEAST_FREE / 1e9 for folder in short)
    advice = f"make room in {short[0]}, or store less: record --max-gb, most_mb in config/memory.yaml"
    return Finding("disk", "fail" if is_full else "warn", found, advice)


def _there(folder: Path) -> Path:
    """Return the folder, or the first above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def threads(robot: str | None, task: str | None) -> Finding:
    """Check that the planner's threads leave the gate a core."""
    from ami_ros.configuration import Configuration
    from ami_ros.report.machine import hardware

    try:
        wanted = Configuration.load(robot, task).planner.threads
    except AmiError as error:
        return Finding("threads", "fail", str(error), "see robot")
    cores, given = int(hardware()["cores"]), os.environ.get("OMP_NUM_THREADS", "")
    found = f"planner {wanted}, OMP_NUM_THREADS {given or 'not set'}, {cores} cores"
    if given and not (given.isdecimal() and 0 < int(given) <= cores):
        return Finding("threads", "warn", found, f"export OMP_NUM_THREADS=1 to {cores}, or unset it")
    if wanted >= cores:
        return Finding(
            "threads",
            "warn",
            found,
            "gate and planner share cores: lower threads in config/planner.yaml, or add cores",
        )
    return Finding("threads", "ok", found)
