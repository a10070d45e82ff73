# SPDX-License-Identifier: Apache-2.0
"""The results of a long run: episodes, missed deadlines, and whether its processes grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ami_ros.bench.process_memory import (
    resident_bytes,
    shared_bytes,
    shared_names,
    shared_names_of,
    thread_count,
)
from ami_ros.errors import ProcessError
from ami_ros.report.statistics import wilson
from ami_ros.system.shared_memory import is_port

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult


class GrowthWatch:
    """Tracks memory and thread count of each process.

    Attributes:
        pids: process id by name.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.pids = dict(pids)
        self._rss_mb: dict[str, list[float]] = {name: [] for name in pids}
        self._threads: dict[str, list[int]] = {name: [] for name in pids}

    def look(self) -> None:
        """Sample each process now. Raises ProcessError: one has ended."""
        for name, pid in self.pids.items():
            try:
                size, threads = resident_bytes(pid), thread_count(pid)
            except (OSError, StopIteration) as error:  # gone, or a zombie
                raise ProcessError(f"{name} ended during the measurement") from error
            self._rss_mb[name].append(round(size / 1e6, 1))
            self._threads[name].append(threads)

    def figures(self) -> dict[str, Any]:
        """Return ``rss_growth thread_growth``, of the process that grew most, and ``rss_mb threads`` by name.

        Growth is the last sample over the first one, minus 1: 0.05 is 5 %. None before the second.
        """
        return {
            "rss_growth": _most(self._rss_mb),
            "thread_growth": _most(self._threads),
            "rss_mb": self._rss_mb,
            "threads": self._threads,
        }


def _most(looks: Mapping[str, Sequence[float]]) -> float | None:
    growths = [seen[-1] / seen[0] - 1.0 for seen in looks.values() if len(seen) > 1]
    return round(max(growths), 4) if growths else None


LOOK_S = 60.0  # of the robot's time between two samples of its processes
SETTLED_S = 60.0  # of the robot's time until every process has allocated what it needs


class Soak:
    """Adds up episodes, and samples the processes at times.

    Create it before they start: files in /dev/shm at that time, and later ones of others, are not theirs.
    Ports of Fast DDS are left out: processes of any domain share them by number, so their owner is unknown.

    Args:
        episode_s: the robot's time in an episode.
        deadline_s: of a plan.

    Attributes:
        robot_s: elapsed robot time.
        episodes: how many ended.
    """

    def __init__(self, episode_s: float, deadline_s: float) -> None:
        self._episode_s, self._deadline_ms = episode_s, 1e3 * deadline_s
        self._shm_before, self._shm_bytes = shared_names(), shared_bytes()
        self._watch = GrowthWatch({})
        self._used: set[str] = set()  # by them, in /dev/shm
        self._looks_s: list[float] = []
        self._plans = self._misses = self._reached = 0
        self._wall_s = 0.0
        self.robot_s, self.episodes = 0.0, 0

    def watch(self, pids: Mapping[str, int]) -> None:
        """Follow these processes, by name."""
        self._watch = GrowthWatch(pids)
        self._note_used()

    def add(self, result: EpisodeResult) -> bool:
        """Count an episode; return whether the processes were sampled.

        Raises:
            ProcessError: one of them has ended.
        """
        self._note_used()
        self.episodes += 1
        self.robot_s += self._episode_s
        self._wall_s += result.wall_s
        self._plans += len(result.plan_ms)
        self._misses += int((result.plan_ms > self._deadline_ms).sum())
        self._reached += bool(result.error[-1] <= result.yardstick.loosest.error)
        if self.robot_s < (self._looks_s[-1] + LOOK_S if self._looks_s else SETTLED_S):
            return False
        self._watch.look()
        self._looks_s.append(round(self.robot_s, 3))
        return True

    @property
    def shm_left(self) -> list[str]:
        """Names of files they used in /dev/shm that still exist; after they ended, their leftovers."""
        return sorted(self._used & shared_names())

    def _note_used(self) -> None:
        names = {name for pid in self._watch.pids.values() for name in shared_names_of(pid)}
        self._used |= {name for name in names - self._shm_before if not is_port(name)}

    def figures(self) -> dict[str, Any]:
        """Return the results so far, ready for JSON; `shm_leftovers` is meaningful only at the end."""
        return {
            "hours": round(self.robot_s / 3600.0, 4),
            "episodes": self.episodes,
            "success": self._reached / max(self.episodes, 1),
            "success_ci": list(wilson(self._reached, self.episodes)),
            "plans": self._plans,
            "deadline_misses": self._misses,
            **self._watch.figures(),
            "looks_s": self._looks_s,
            "shm_mb_start": round(self._shm_bytes / 1e6, 1),
            "shm_mb_end": round(shared_bytes() / 1e6, 1),
            "shm_used": len(self._used),
            "shm_leftovers": len(self.shm_left),
            "robot_s_per_wall_s": round(self.robot_s / max(self._wall_s, 1e-9), 2),
        }
