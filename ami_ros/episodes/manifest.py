# SPDX-License-Identifier: Apache-2.0
"""Settings of a data set, stored next to its episodes, so that two data sets never mix unnoticed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ami_ros.errors import EpisodeError, shown
from ami_ros.settings.strict_text import parse_json
from ami_ros.system.whole_file import write_whole

MANIFEST_FILE = "dataset.json"


def claim(folder: Path, made_with: Mapping[str, Any]) -> None:
    """Record that `folder` holds episodes made with these settings, or check that it does.

    Raises:
        EpisodeError: the folder was made with other settings, or its manifest is unreadable.
        OutputError: the folder cannot be written.
    """
    path = folder / MANIFEST_FILE
    wanted = json.loads(json.dumps(made_with))  # tuples become lists, as they do on disk
    if not path.is_file():
        write_whole(path, json.dumps(wanted, indent=1) + "\n")
        return
    try:
        found = parse_json(path.read_bytes())
        if not isinstance(found, dict):
            raise ValueError(f"got {shown(found)}, expected a mapping")
        names = sorted(set(found) | set(wanted))
        differ = [
            f"{n}: {shown(found.get(n))}, expected {shown(wanted.get(n))}"
            for n in names
            if found.get(n) != wanted.get(n)
        ]
    except (ValueError, OSError) as error:
        raise EpisodeError(
            f"{path}: not a readable manifest ({error}); delete the folder or use another"
        ) from error
    if differ:
        raise EpisodeError(
            f"{folder} holds episodes with other settings ({'; '.join(differ)}); use another folder"
        )
