# SPDX-License-Identifier: Apache-2.0
"""Copies of the data set that lerobot wrote, in which something is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lerobot_data import MADE

INFO = "meta/info.json"
DATA, EPISODES = (f"{folder}/chunk-000/file-000.parquet" for folder in ("data", "meta/episodes"))
VIDEO = "videos/observation.images.wrist/chunk-000/file-000.mp4"
Rows = list[dict[str, Any]]


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(MADE, folder))


def with_info(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return a copy of which meta/info.json says something else; infinite numbers become 1e400."""
    info = json.loads((copied(folder) / INFO).read_text())
    change(info)
    (folder / INFO).write_text(json.dumps(info).replace("Infinity", "1e400"))
    return folder


def with_rows(folder: Path, file: str, change: Callable[[Rows], Rows | None]) -> Path:
    """Return a copy with other rows in a file, in which the types of columns are what these rows need."""
    if not folder.exists():
        copied(folder)
    rows = pq.read_table(folder / file).to_pylist()
    rows = change(rows) or rows
    pq.write_table(pa.Table.from_pylist(rows), folder / file)
    return folder
