# SPDX-License-Identifier: Apache-2.0
"""The environment of our nodes: large images arrive, and the discovery range is set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ami_ros.errors import ConfigError

# Fast DDS 3 reads the first and warns about the second; earlier versions read only the second.
DDS_PROFILE = "FASTDDS_DEFAULT_PROFILES_FILE"
DDS_PROFILE_BEFORE_3 = "FASTRTPS_DEFAULT_PROFILES_FILE"
# ROS sets memory and data sharing itself, unless this leaves them to the profile; topics keep their own QoS.
DDS_MEMORY_FROM_PROFILE = "RMW_FASTRTPS_USE_QOS_FROM_XML"
DISTRIBUTIONS_BEFORE_DDS_3 = ("humble", "iron", "jazzy")

# Who discovers our nodes, in ROS's terms. Humble knows only localhost or not.
DISCOVERY = "ROS_AUTOMATIC_DISCOVERY_RANGE"
DISCOVERY_HUMBLE = "ROS_LOCALHOST_ONLY"
DISCOVERY_RANGES = ("localhost", "subnet", "off", "system_default")

DOMAIN = "ROS_DOMAIN_ID"
DOMAINS = range(233)  # Source: ROS 2 documentation, "The ROS_DOMAIN_ID"


def domain_of(environment: Mapping[str, str]) -> int:
    """Return the ROS domain of a process with this environment; as in ROS, not set and empty are 0.

    Raises:
        ConfigError: it is not a number, or out of range.
    """
    given = environment.get(DOMAIN, "")
    if given and not (given.isascii() and given.isdecimal() and int(given) in DOMAINS):
        expected = f"{DOMAINS[0]} to {DOMAINS[-1]}, that of the robot, or nothing for 0"
        raise ConfigError(f"{DOMAIN}: got {given!r}, expected {expected}")
    return int(given or 0)


def dds_environment(profile: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make Fast DDS load `profile`, so that large images arrive.

    Args:
        profile: the XML file.
        environment: the process environment. A profile that it already names stays in force: nothing is
            set then. Its ROS_DISTRO determines which variables Fast DDS reads.
    """
    if environment.get(DDS_PROFILE) or environment.get(DDS_PROFILE_BEFORE_3):
        return {}
    variables = [DDS_PROFILE]
    if environment.get("ROS_DISTRO") in DISTRIBUTIONS_BEFORE_DDS_3:
        variables.append(DDS_PROFILE_BEFORE_3)
    return {**dict.fromkeys(variables, str(profile)), DDS_MEMORY_FROM_PROFILE: "1"}


def without_dds_profile(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that is not one of ours: Fast DDS with its defaults."""
    ours = (DDS_PROFILE, DDS_PROFILE_BEFORE_3, DDS_MEMORY_FROM_PROFILE)
    return {name: value for name, value in environment.items() if name not in ours}


def discovery_environment(discovery_range: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that set who may discover a process.

    Args:
        discovery_range: one of DISCOVERY_RANGES.
        environment: the process environment. Its ROS_DISTRO determines which variables ROS reads.

    Raises:
        ConfigError: another range.
    """
    wanted = discovery_range.strip().lower()
    if wanted not in DISCOVERY_RANGES:
        valid = ", ".join(DISCOVERY_RANGES)
        raise ConfigError(f"discovery_range: got {discovery_range!r}, expected one of {valid}")
    variables = {DISCOVERY: wanted.upper()}
    if environment.get("ROS_DISTRO") == "humble":  # later releases warn about it
        variables[DISCOVERY_HUMBLE] = "1" if wanted in ("localhost", "off") else "0"
    return variables


def launch_environment(discovery_range: str, profile: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a launch file adds to its processes: for large images and discovery.

    Args:
        discovery_range: the launch argument of that name.
        profile: as for `dds_environment`.
        environment: the process environment.

    Raises:
        ConfigError: an unknown discovery range.
    """
    found = discovery_environment(discovery_range, environment)
    return {**dds_environment(profile, environment), **found}
