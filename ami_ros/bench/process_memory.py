# SPDX-License-Identifier: Apache-2.0
"""How much memory processes use, and how much shared memory is in use. Linux only.

Source: proc_pid_maps(5); proc_pid_status(5), VmRSS, VmHWM and Threads; proc_pid_clear_refs(5), 5 resets
the peak.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

SHARED = Path("/dev/shm")
KIB = 1024


class MemoryWatch:
    """Compares the peak of each process with its use at the start of the watch.

    Args:
        pids: process id by name.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._start = {name: resident_bytes(pid) for name, pid in pids.items()}
        for pid in pids.values():
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._shared = shared_bytes()

    def figures(self) -> dict[str, object]:
        """Return the figures so far; shares are of the start.

        These are ``rss_mb_start rss_mb_peak rss_mb_end peak_share end_share``, each by name, and
        ``shm_mb_start shm_mb_end``.
        """
        peak = {name: _status(pid, "VmHWM") * KIB for name, pid in self._pids.items()}
        end = {name: resident_bytes(pid) for name, pid in self._pids.items()}
        return {
            "rss_mb_start": {name: _mb(size) for name, size in self._start.items()},
            "rss_mb_peak": {name: _mb(size) for name, size in peak.items()},
            "rss_mb_end": {name: _mb(size) for name, size in end.items()},
            "peak_share": self._shares(peak),
            "end_share": self._shares(end),
            "shm_mb_start": _mb(self._shared),
            "shm_mb_end": _mb(shared_bytes()),
        }

    def _shares(self, sizes: Mapping[str, int]) -> dict[str, float]:
        return {name: round(size / self._start[name], 3) for name, size in sizes.items()}


def shared_bytes() -> int:
    """Return how much of /dev/shm is in use; 0 where there is none."""
    return shutil.disk_usage(SHARED).used if SHARED.is_dir() else 0


def shared_names() -> set[str]:
    """Return the names of the files in /dev/shm."""
    return {path.name for path in SHARED.iterdir()} if SHARED.is_dir() else set()


def shared_names_of(pid: int) -> set[str]:
    """Return the names of the files that a process uses in /dev/shm now; none once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except OSError:
        return set()
    paths = (Path(line.split(maxsplit=5)[5]) for line in lines if f"{SHARED}/" in line)
    return {path.name for path in paths if path.parent == SHARED}


def resident_bytes(pid: int) -> int:
    """Return how much memory a process uses now."""
    return _status(pid, "VmRSS") * KIB


def thread_count(pid: int) -> int:
    """Return how many threads a process has now."""
    return _status(pid, "Threads")


def _status(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    value = next(line for line in lines if line.startswith(f"{field}:"))
    return int(value.split()[1])


def _mb(size: int) -> float:
    return round(size / 1e6, 1)
