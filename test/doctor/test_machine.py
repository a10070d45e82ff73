# SPDX-License-Identifier: Apache-2.0
"""ROS domain, disk and threads."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from ami_ros.doctor import machine
from ami_ros.launching.environment import DISCOVERY, DISCOVERY_HUMBLE
from ami_ros.report.machine import hardware

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("variables", "level", "found"),
    [
        ({}, "ok", "0 (not set), discovers this machine and its network (SUBNET)"),
        ({"ROS_DOMAIN_ID": "7", DISCOVERY: "LOCALHOST"}, "ok", "7, discovers this machine only"),
        ({DISCOVERY_HUMBLE: "1"}, "ok", "this machine only"),
        ({DISCOVERY: "OFF"}, "warn", "nothing"),
        ({"ROS_DOMAIN_ID": "-1"}, "fail", "'-1'"),
        ({"ROS_DOMAIN_ID": "233"}, "fail", "'233'"),
        ({"ROS_DOMAIN_ID": ""}, "ok", "0 (not set)"),
        ({"ROS_DOMAIN_ID": "abc"}, "fail", "'abc'"),
    ],
)
def test_who_hears_whom(monkeypatch, variables, level, found):
    for name in ("ROS_DOMAIN_ID", DISCOVERY, DISCOVERY_HUMBLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    finding = machine.domain()
    assert finding.level == level and found in finding.found and bool(finding.advice) == (level != "ok")


@pytest.mark.parametrize(("free_gb", "level"), [(500.0, "ok"), (1.0, "warn"), (0.01, "fail")])
def test_room_for_recordings(monkeypatch, free_gb, level):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, free_gb * 1e9))
    finding = machine.disk("panda", "reach")
    assert finding.level == level and bool(finding.advice) == (level != "ok")
    assert "may take 20" in finding.found
    assert machine.disk("r2d2", "reach").level == "fail"


def test_threads_leave_the_gate_a_core(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = int(hardware()["cores"])
    assert machine.threads("panda", "reach").level == ("ok" if cores > 1 else "warn")
    for wrong in ("many", "0", str(cores + 1)):
        monkeypatch.setenv("OMP_NUM_THREADS", wrong)
        assert machine.threads("panda", "reach").level == "warn"
    monkeypatch.setattr("ami_ros.report.machine.hardware", lambda: {"cores": 1})
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert "share cores" in machine.threads("panda", "reach").advice
