# SPDX-License-Identifier: Apache-2.0
"""The Husky of config/robots for tests, with one thing changed, in an area of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ami_ros.settings.share import config_path

Values = dict[str, Any]
# An L: what is inside of its box is not always inside of it.
AREA = ((-3.0, -2.5), (2.75, -2.5), (2.75, 0.5), (0.25, 0.5), (0.25, 3.25), (-3.0, 3.25))


def husky_yaml(folder: Path, change: Callable[[Values], Any] | None = None) -> Path:
    """Write config/robots/husky.yaml, changed, and return its path."""
    values: Values = copy.deepcopy(yaml.safe_load(config_path("robots", "husky.yaml").read_text()))
    if change is not None:
        change(values)
    path = folder / "husky.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path
