# SPDX-License-Identifier: Apache-2.0
"""Who can find our nodes: seen from another machine, which is a network namespace at the end of a cable."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ami_ros.launching.arguments import arguments
from ami_ros.launching.environment import launch_environment
from ami_ros.settings.share import config_path
from ami_ros.system.processes import node_environment

LOOK_S = 20.0
# Prints the nodes that it sees, until it has seen the planner, or for as long as it is told.
LOOK = """
import sys, time, rclpy
rclpy.init()
node = rclpy.create_node("neighbour")
deadline = time.monotonic() + float(sys.argv[1])
while time.monotonic() < deadline and "planner" not in node.get_node_names():
    rclpy.spin_once(node, timeout_sec=0.1)
print(*node.get_node_names())
"""


class Machine:
    """A network of its own, and a /dev/shm of its own, which Fast DDS would find its way through as well."""

    def __init__(self, address: str) -> None:
        self._holder = subprocess.Popen(["unshare", "--net", "--mount", "sleep", "120"])
        self.pid, self.address = self._holder.pid, address
        deadline = time.monotonic() + 5.0
        while os.path.samefile(f"/proc/{self.pid}/ns/mnt", "/proc/self/ns/mnt"):
            if time.monotonic() > deadline or self._holder.poll() is not None:
                pytest.skip("may not make network namespaces")
            time.sleep(0.02)
        self.call("mount", "-t", "tmpfs", "tmpfs", "/dev/shm")

    def command(self, *words: str) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "--net", "--mount", *words]

    def call(self, *words: str) -> None:
        if subprocess.run(self.command(*words), capture_output=True).returncode:
            pytest.skip(f"may not {' '.join(words)}")

    def connect(self, interface: str) -> None:
        self.call("ip", "link", "set", "lo", "up")
        self.call("ip", "address", "add", f"{self.address}/24", "dev", interface)
        self.call("ip", "link", "set", interface, "up")
        self.call("ip", "route", "add", "224.0.0.0/4", "dev", interface)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may make network namespaces")
    made: list[Machine] = []
    try:
        for number in (1, 2):
            made.append(Machine(f"10.251.7.{number}"))
        ours, theirs = made
        ours.call(
            "ip", "link", "add", "here0", "type", "veth", "peer", "name", "there0", "netns", str(theirs.pid)
        )
        ours.connect("here0")
        theirs.connect("there0")
        yield ours, theirs
    finally:
        for machine in made:
            machine.close()


@pytest.mark.parametrize(("chosen", "found"), [(None, False), ("subnet", True)])
def test_another_machine_finds_launched_nodes_only_when_that_is_asked_for(
    machines, environment, straight_line, tmp_path, chosen, found
):
    """Started with the variables that the launch files add, in a shell that says nothing."""
    ours, theirs = machines
    shell = node_environment(int(environment["ROS_DOMAIN_ID"])) | {
        "PYTHONPATH": str(Path(__file__).parents[3])
    }
    del shell["ROS_AUTOMATIC_DISCOVERY_RANGE"]
    default = {argument.name: argument.default_value for argument in arguments("planner")}["discovery_range"]
    added = launch_environment(chosen or default, config_path("dds", "large_data_shm.xml"), shell)
    with (tmp_path / "planner.log").open("wb") as log:
        planner = subprocess.Popen(
            ours.command(sys.executable, str(straight_line)), env={**shell, **added}, stdout=log, stderr=log
        )
    try:
        look_s = str(LOOK_S if found else 6.0)
        seen = subprocess.run(
            theirs.command(sys.executable, "-c", LOOK, look_s), env=shell, capture_output=True, text=True
        ).stdout.split()
        assert "neighbour" in seen and ("planner" in seen) is found
        here = subprocess.run(
            ours.command(sys.executable, "-c", LOOK, str(LOOK_S)), env=shell, capture_output=True, text=True
        ).stdout.split()
        assert "planner" in here, "whoever is on the same machine finds it, whatever their shell says"
    finally:
        planner.terminate()
        planner.wait(20.0)
