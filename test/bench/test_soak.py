# SPDX-License-Identifier: Apache-2.0
"""A long run is added up as it goes, and processes that grow, or are gone, are noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from ami_ros.bench.process_memory import SHARED
from ami_ros.bench.soak import LOOK_S, GrowthWatch, Soak
from ami_ros.errors import ConfigError, ProcessError
from ami_ros.sim.loop.closed_loop import EpisodeResult

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

# Takes 100 MB and a thread when it reads a line, and ends with its input.
GROWS = """
import sys, threading
print("ready", flush=True)
sys.stdin.readline()
block = bytearray(100 * 10**6)
block[::4096] = b"x" * len(block[::4096])
done = threading.Event()
threading.Thread(target=done.wait).start()
print("grown", flush=True)
sys.stdin.read()
done.set()
"""


def episode(seed: int, error: float, plan_ms: list[float]) -> EpisodeResult:
    return EpisodeResult(seed, np.array([1.0, error]), None, np.array(plan_ms), {}, None, None)


def test_memory_and_threads_that_grow_are_seen():
    process = subprocess.Popen(
        [sys.executable, "-c", GROWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        watch = GrowthWatch({"child": process.pid})
        watch.look()
        assert watch.figures()["rss_growth"] is None, "one look tells nothing"
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "grown\n"
        watch.look()
        process.stdin.close()
    figures = watch.figures()
    first, last = figures["rss_mb"]["child"]
    assert 90.0 < last - first < 130.0
    assert figures["rss_growth"] == pytest.approx(last / first - 1.0, abs=1e-4)
    assert figures["threads"]["child"] == [1, 2] and figures["thread_growth"] == 1.0


def test_a_process_that_ended_is_named():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(ProcessError, match="planner ended"):
        GrowthWatch({"planner": process.pid}).look()


def test_episodes_are_added_up_and_processes_looked_at_once_in_a_while():
    soak = Soak(episode_s=0.4 * LOOK_S, deadline_s=0.05)
    soak.watch({"this": os.getpid()})
    looked = [soak.add(episode(seed, 0.06 if seed == 3 else 0.01, [20.0, 60.0])) for seed in range(6)]
    assert looked == [False, False, True, False, False, True]
    figures = soak.figures()
    assert (figures["episodes"], figures["plans"], figures["deadline_misses"]) == (6, 12, 6)
    assert figures["success"] == pytest.approx(5 / 6)
    assert figures["hours"] == pytest.approx(6 * 0.4 * LOOK_S / 3600.0, abs=1e-4)
    assert figures["looks_s"] == [pytest.approx(1.2 * LOOK_S), pytest.approx(2.4 * LOOK_S)]
    assert figures["rss_growth"] < 0.05 and figures["thread_growth"] == 0.0
    json.dumps(figures, allow_nan=False)


LEAVES = """
import mmap, sys
used = []
for name in sys.argv[1:]:
    with open(name, "w+b") as file:
        file.truncate(4096)
        used.append(mmap.mmap(file.fileno(), 4096))
print("used", flush=True)
sys.stdin.read()
"""


def test_what_they_leave_in_shared_memory_is_named_and_nothing_of_others():
    soak = Soak(4.0, 0.05)
    left, others = (SHARED / f"ami_ros_test_{os.getpid()}_{n}" for n in "ab")
    port = SHARED / f"fastdds_port{10**4 + os.getpid() % 10**4}"
    others.write_bytes(b"x")
    command = [sys.executable, "-c", LEAVES, str(left), str(port)]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "used\n"
            soak.watch({"planner": process.pid})
            process.stdin.close()
        assert port.exists(), "other processes may use it, too"
        assert soak.shm_left == [left.name] and soak.figures()["shm_leftovers"] == 1
    finally:
        for file in (others, left, port):
            file.unlink()
    assert soak.shm_left == []


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan"), 1e9])
def test_hours_that_cannot_be_are_refused(hours):
    pytest.importorskip("rclpy", reason="rclpy is not installed")
    pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
    from ami_ros.cli.benches.soak import soak

    with pytest.raises(ConfigError, match="hours: got .* expected a positive number up to 1111"):
        soak(hours=hours, robot="panda", task="reach")


@pytest.mark.slow
def test_nodes_run_episode_after_episode_and_leave_nothing_behind(tmp_path):
    pytest.importorskip("rclpy", reason="rclpy is not installed")
    pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
    from ami_ros.cli.benches.soak import soak

    file = tmp_path / "soak.json"
    soak(hours=9.0 / 3600.0, robot="panda", task="reach", json_file=file, logs=tmp_path / "logs")
    figures = json.loads(file.read_text())
    assert figures["episodes"] == 3 and figures["plans"] == 3 * 40, "hours are rounded up to whole episodes"
    assert figures["success"] == 1.0 and figures["faults"]["unsafe_commands"] == 0
    assert figures["shm_used"] > 0 == figures["shm_leftovers"]
