# SPDX-License-Identifier: Apache-2.0
"""An arm whose efforts do not carry it is told before its gate holds it."""

from __future__ import annotations

import pytest
from robots import panda_yaml

from ami_ros.doctor.standing import standing
from ami_ros.system import extras

pytest.importorskip("pybullet", reason="needs pybullet")


def test_an_arm_that_carries_itself_stays_where_it_is():
    finding = standing("panda", "reach")
    assert finding.level == "ok" and "it stays within 0.00 rad of home" in finding.found


def test_an_arm_that_is_too_weak_is_told_by_its_joint(tmp_path):
    weak = panda_yaml(tmp_path, lambda values: values["arm"]["limits"].update(effort=[1.0] * 7))
    finding = standing(str(weak), "reach")
    assert finding.level == "warn" and "URDF" in finding.advice
    assert "panda_joint" in finding.found and "effort of 1: the gate will hold it" in finding.found


def test_what_cannot_be_tried_says_why(tmp_path, monkeypatch):
    assert standing("husky", "drive").found == "no arm, or no simulation of one"
    real = panda_yaml(tmp_path, lambda values: values.update(simulation={"kind": "none"}))
    assert standing(str(real), "reach").found == "no arm, or no simulation of one"
    finding = standing("r2d2", "reach")
    assert finding.level == "warn" and finding.found.startswith("not tried: ") and "r2d2" in finding.found
    gate = panda_yaml(tmp_path, lambda values: values.update(safety={"tracking_eror": 0.2}))
    assert "not tried: " in standing(str(gate), "reach").found
    monkeypatch.setitem(extras.EXTRAS, "sim", ("no_such_module",))
    assert standing("panda", "reach").found == "not tried: no simulator"
