# SPDX-License-Identifier: Apache-2.0
"""The coverage of an exploration as a small JSON file, from which it continues."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ami_ros.errors import ConfigError
from ami_ros.settings.strict_text import parse_json
from ami_ros.system.whole_file import write_whole


def read_exploration(path: Path) -> Mapping[str, Any]:
    """Read the state that `write_exploration` wrote.

    Raises:
        ConfigError: the file is missing, truncated, or something else.
    """
    try:
        state = parse_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); expected a file that an exploration wrote"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: not an exploration: {error}") from error
    if not isinstance(state, dict):
        raise ConfigError(f"{path}: got {type(state).__name__}, expected a file that an exploration wrote")
    return state


def write_exploration(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state, whole or not at all. Raises OutputError."""
    write_whole(path, json.dumps(state))
