# SPDX-License-Identifier: Apache-2.0
"""Find the files that a robot's YAML or its URDF names, as ROS does: relative, absolute, file:// or package://."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from ami_ros.errors import EmbodimentError, shown

PACKAGE, FILE = "package://", "file://"
# Packages of URDFs and meshes that one of our extras installs.
EXTRAS = {"example-robot-data": "robots", "pybullet_data": "sim"}


def resource(name: str, folder: Path) -> Path:
    """Return the file behind a name.

    A package is searched below every AMENT_PREFIX_PATH and ROS_PACKAGE_PATH, among the folders above
    `folder`, in Python's own share/, and as a Python package.

    Args:
        name: absolute, relative to `folder`, ``file://...`` or ``package://<package>/...``.
        folder: of the file that names it.

    Raises:
        EmbodimentError: no such file; names the places searched.
    """
    try:
        return _found(name, folder)
    except (OSError, ValueError) as error:  # too long, or with a zero byte in it
        raise EmbodimentError(f"{shown(name)}: not a valid file name ({error}); expected a path") from error


def _found(name: str, folder: Path) -> Path:
    if name.startswith(PACKAGE):
        package, _, rest = name[len(PACKAGE) :].partition("/")
        places = list(_places(package, folder.resolve()))
        candidates = [place / rest for place in places]
        hint = "source the workspace that has the package, or put the file next to the one that names it"
        if package in EXTRAS and not any(place.is_dir() for place in places):
            hint = f"install the extra that brings the package: pip install -e '.[{EXTRAS[package]}]'"
    else:
        candidates = [folder / name.removeprefix(FILE)]
        hint = "expected a path, file:// or package://"
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    looked = ", ".join(str(path) for path in dict.fromkeys(candidates)) or "no package path at all"
    raise EmbodimentError(f"{name}: no such file; looked for {looked}; {hint}")


def _places(package: str, folder: Path) -> Iterator[Path]:
    """Yield the possible folders of a package."""
    for prefix in _entries("AMENT_PREFIX_PATH"):
        yield prefix / "share" / package
    for entry in _entries("ROS_PACKAGE_PATH"):
        yield entry if entry.name == package else entry / package
    for above in (folder, *folder.parents):
        if above.name == package:
            yield above
        if (above / package).is_dir():
            yield above / package
    yield Path(sys.prefix) / "share" / package
    yield Path(sysconfig.get_path("purelib")) / "cmeel.prefix" / "share" / package
    spec = importlib.util.find_spec(package) if package.isidentifier() else None  # nothing is imported
    yield from (Path(place) for place in (spec and spec.submodule_search_locations) or ())


def _entries(variable: str) -> list[Path]:
    return [Path(entry) for entry in os.environ.get(variable, "").split(os.pathsep) if entry]
