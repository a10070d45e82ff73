# SPDX-License-Identifier: Apache-2.0
"""Workspace and forbidden boxes, against geometry worked out by hand in test/support/gate/gate_arm.py."""

from __future__ import annotations

import numpy as np
import pytest
from gate_arm import HOME, WORKSPACE, depth_in, gate_arm, outside_of, tip

from ami_ros.body.arm import ToolSpec
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.shapes.collision_spheres import covering
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.limits.zones import ZoneLimit, Zones
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import Level

DT_S, MARGIN = 0.01, 0.02
LARGER = 0.12 * 0.05  # m: how far the spheres may stick out of the thickest link
BOX = np.array([[0.5, -0.3, 0.0], [0.9, 0.3, 0.55]])
SPEC = gate_arm()
POSTURES = np.random.default_rng(4).uniform(SPEC.limits.lower, SPEC.limits.upper, (700, 4))


def zones(spec=SPEC, **restrictions) -> Zones:
    return Zones(LinkShapes(spec), spec.workspace, Restrictions(**restrictions), MARGIN)


def test_the_tip_is_where_geometry_says():
    excess = zones().excess(POSTURES)
    expected = [outside_of(np.array(WORKSPACE), posture) - MARGIN for posture in POSTURES]
    np.testing.assert_allclose(excess[:, 0], expected, atol=1e-9)


def test_every_part_of_the_arm_counts_and_little_more():
    excess = zones(forbidden=BOX[None]).excess(POSTURES)[:, 1:].max(axis=1)
    depth = np.array([depth_in(BOX, posture) for posture in POSTURES])
    assert ((depth > 0.0) & (depth < 0.1)).sum() > 5
    assert (excess[depth > 0.0] > 0.0).all()
    assert (excess >= np.minimum(depth, 0.0) - 1e-9).all()
    clear = depth < -0.2
    assert clear.sum() > 5
    assert (excess[clear] <= 0.0).all()


def test_what_is_far_stays_clear_and_what_is_not_is_looked_at():
    watch = zones(forbidden=BOX[None])
    watch.look(np.array(HOME))
    generator = np.random.default_rng(5)
    answers = []
    for size in (1e-3, 0.02, 0.3, 1.0):
        for _ in range(30):
            low = np.array(HOME) - generator.uniform(0.0, size, 4)
            high = np.array(HOME) + generator.uniform(0.0, size, 4)
            answers.append(watch.far_from(low, high))
            if answers[-1]:
                inside = generator.uniform(low, high, (40, 4))
                here = np.maximum(watch.excess(np.array(HOME)[None]), 0.0)
                assert (watch.excess(inside) <= here + 1e-9).all()
    assert {True, False} == set(answers)


def test_spheres_cover_their_capsule_and_stick_out_little():
    start, end, radius = np.array([0.1, 0.0, 0.0]), np.array([0.1, 0.0, 0.37]), 0.05
    generator = np.random.default_rng(6)
    turns = generator.normal(size=(2000, 3))
    along = generator.uniform(0.0, 1.0, (2000, 1))
    surface = start + along * (end - start) + radius * turns / np.linalg.norm(turns, axis=1, keepdims=True)
    spheres = covering(start, end, radius)
    gaps = [np.linalg.norm(surface - centre, axis=1) - size for centre, size in spheres]
    assert np.min(gaps, axis=0).max() <= 1e-9
    assert max(size for _, size in spheres) <= 1.12 * radius


def test_a_held_tool_counts():
    box = np.array([tip(np.array(HOME)) - 0.3, tip(np.array(HOME)) + 0.3])
    with_tool = zones(gate_arm(tool=ToolSpec(0.4, 0.01)), forbidden=box[None])
    assert (
        with_tool.excess(np.array([HOME])).shape[1]
        > zones(forbidden=box[None]).excess(np.array([HOME])).shape[1]
    )


def drive(wanted, ticks=400, start=HOME, spec=SPEC, **restrictions):
    limits = MotionLimits.of(GateBody.of_robot(spec), Restrictions(**restrictions), 1.0)
    step, motion = (
        Stepping(limits, [ZoneLimit(zones(spec, **restrictions))], DT_S),
        ChannelState.at_rest(np.array(start)),
    )
    path, codes = [motion], set()
    for _ in range(ticks):
        motion, verdict = step.toward(motion, np.array(wanted))
        assert verdict.level <= Level.LIMITED
        codes |= {reason.code for reason in verdict.reasons}
        path.append(motion)
    return path, codes


@pytest.mark.parametrize("wanted", [[1.0, 0, 0, 0], [-1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, -1.0, -0.5, 0.2]])
def test_the_tip_stops_at_its_workspace(wanted):
    path, codes = drive(wanted)
    assert "WORKSPACE" in codes
    outside = [outside_of(np.array(WORKSPACE), state.position) for state in path]
    assert max(outside) <= MARGIN + 1e-9
    assert max(outside) > MARGIN - 0.03
    assert np.abs(path[-1].velocity).max() < 0.05


def test_a_link_stops_before_a_forbidden_box():
    path, codes = drive([0, 1.0, 0, 0], forbidden=BOX[None])
    depths = [depth_in(BOX, state.position) for state in path]
    assert "FORBIDDEN_BOX" in codes
    assert max(depths) <= 1e-9
    assert max(depths) > -0.05


def test_from_outside_it_may_only_come_back():
    start = np.array(HOME) + [1.0, 0.0, 0.0, 0.0]  # beyond the box's side
    before = outside_of(np.array(WORKSPACE), start)
    assert before > 0.05
    out, _ = drive([0.5, 0, 0, 0], 100, start)
    assert max(outside_of(np.array(WORKSPACE), s.position) for s in out) <= before + 1e-6
    back, _ = drive([-0.5, 0, 0, 0], 100, start)
    assert outside_of(np.array(WORKSPACE), back[-1].position) < before - 0.05


def test_a_part_that_is_in_a_box_to_stay_does_not_hide_another():
    table = np.array([[-1.0, -1.0, -0.5], [1.0, 1.0, 0.5]])  # the upper arm stands in it
    roomy = gate_arm(workspace=np.array([[-3.0, -3.5, -4.0], [3.0, 3.5, 4.0]]))
    path, codes = drive([0, 0, 0.6, 0], 400, (0.1, -0.3, 0.4, 0.6), roomy, forbidden=table[None])
    watch = zones(roomy, forbidden=table[None])
    here = np.maximum(watch.excess(path[0].position[None]), 0.0)
    assert here.max() > 0.1
    assert "FORBIDDEN_BOX" in codes
    assert all((watch.excess(s.position[None]) <= here + 1e-6).all() for s in path[::10])
