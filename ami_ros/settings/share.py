# SPDX-License-Identifier: Apache-2.0
"""Find the package's data: config/, models/, launch/ and resource files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ami_ros.errors import ConfigError


def share_dir() -> Path:
    """Return the directory that holds config/ and models/.

    A checkout wins (editable installs), then every ament prefix, then the Python prefix.

    Raises:
        ConfigError: no candidate has a config/ directory; lists where it looked.
    """
    package = Path(__file__).resolve().parents[1]
    prefixes = [Path(p) for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    prefixes += [parent for parent in package.parents if parent.name not in ("lib", "lib64")][:6]
    prefixes.append(Path(sys.prefix))
    candidates = [package.parent] + [prefix / "share" / "ami_ros" for prefix in prefixes]
    for candidate in candidates:
        if (candidate / "config" / "robots").is_dir():
            return candidate
    looked = ", ".join(str(c) for c in dict.fromkeys(candidates))
    raise ConfigError(f"ami_ros data not found: expected a directory with config/robots, looked in {looked}")


def shipped_model(robot: str, task: str) -> Path:
    """Return where the model for `robot` and `task` is shipped."""
    return share_dir() / "models" / f"{robot}_{task}" / "model.pt"


def config_path(*parts: str) -> Path:
    """Return the path of a file below config/, e.g. ``config_path("robots", "panda.yaml")``."""
    return share_dir().joinpath("config", *parts)


def data_home() -> Path:
    """Return the user's folder for data that ami_ros keeps between runs.

    Source: XDG Base Directory Specification 0.8, XDG_DATA_HOME.
    """
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "ami_ros"
