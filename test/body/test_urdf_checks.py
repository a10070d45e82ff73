# SPDX-License-Identifier: Apache-2.0
"""Each way in which a URDF is no tree, or a joint cannot be commanded, has a sentence of its own."""

from __future__ import annotations

import numpy as np
import pytest
from robots import chain, joint, link, small_robot, urdf

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.urdf_checks import read_urdf, root_link
from ami_ros.errors import KinematicsError

ABC = [link(name) for name in "abc"]
MIMIC = '<limit lower="-1" upper="1" velocity="1" effort="1"/><mimic joint="j1"/>'

NO_TREES = {
    "nothing": ([], "got no <link> in <robot>, expected a URDF"),
    "a loop": (
        [*ABC, joint("j1", "a", "b"), joint("j2", "a", "c"), joint("j3", "b", "c")],
        r"link c has several parents, \['a', 'b'\]: a loop, expected a tree",
    ),
    "two roots": (
        [*ABC, joint("j1", "a", "b")],
        r"links \['a', 'c'\] have no parent, expected one root: connect them by fixed joints",
    ),
    "a ring": (
        [*ABC, joint("j1", "b", "c"), joint("j2", "c", "b")],
        r"links \['b', 'c'\] form a loop, expected a tree",
    ),
    "a link twice": ([*ABC, link("a")], r"links \['a'\] occur more than once"),
    "a joint twice": (
        [*ABC, joint("j1", "a", "b"), joint("j1", "b", "c")],
        r"joints \['j1'\] occur more than",
    ),
    "no such link": (
        [*ABC, joint("j1", "a", "d")],
        r"joint j1: child: got link 'd', expected one of \['a', 'b', 'c'\]",
    ),
    "an unknown type": (
        [*ABC, joint("j1", "a", "b", "spring")],
        r"joint j1: type: got 'spring', expected one of",
    ),
    "no number": (
        [*ABC, joint("j1", "a", "b").replace("0 0 0.5", "0 0 x")],
        "joint j1: origin xyz: got '0 0 x', expected three finite numbers",
    ),
    "no axis": (
        [*ABC, joint("j1", "a", "b").replace("0 1 0", "0 0 0")],
        "joint j1: axis xyz: got zeros, expected a direction",
    ),
}


@pytest.mark.parametrize("name", NO_TREES)
def test_what_is_no_tree_is_named(tmp_path, name):
    parts, message = NO_TREES[name]
    with pytest.raises(KinematicsError, match=message) as caught:
        read_urdf(urdf(tmp_path, *parts))
    assert "small.urdf" in str(caught.value)


def test_planner_and_gate_give_the_same_sentence(tmp_path):
    parts, message = NO_TREES["a loop"]
    spec = small_robot(urdf(tmp_path, *parts), "j1", "j2", "j3", tip="c")
    said = []
    for part in (Kinematics, LinkShapes):
        with pytest.raises(KinematicsError, match=message) as caught:
            part(spec)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("content", ["", "<robot", "\x00\xff"])
def test_what_is_no_xml(tmp_path, content):
    (tmp_path / "x.urdf").write_text(content)
    with pytest.raises(KinematicsError, match="x.urdf: not a readable URDF"):
        read_urdf(tmp_path / "x.urdf")


@pytest.mark.parametrize("kind", ["planar", "floating", "fixed"])
def test_a_joint_without_a_single_position_cannot_be_commanded(tmp_path, kind):
    path = urdf(tmp_path, *ABC, joint("j1", "a", "b", kind), joint("j2", "b", "c"))
    with pytest.raises(
        KinematicsError, match=f"joint j1 is {kind}, expected revolute, continuous, prismatic"
    ):
        Kinematics(small_robot(path, "j1", "j2", tip="c"))
    Kinematics(small_robot(path, "j2", tip="c", home=np.array([0.1])))  # held as it is


def test_a_joint_that_mimics_cannot_be_commanded(tmp_path):
    with pytest.raises(KinematicsError, match="joint j2 mimics j1, so it cannot be commanded; leave it out"):
        Kinematics(small_robot(chain(tmp_path, j2=MIMIC), "j1", "j2", "j3"))


def test_transmissions_name_joints_and_are_none(tmp_path):
    path = chain(tmp_path)
    extra = '<transmission name="t"><joint name="j1"/></transmission></robot>'
    path.write_text(path.read_text().replace("</robot>", extra))
    assert len(read_urdf(path).findall("joint")) == 3


def test_the_root_hangs_on_nothing(tmp_path):
    parts = [*ABC[::-1], joint("j1", "a", "b"), joint("j2", "b", "c")]
    assert root_link(read_urdf(urdf(tmp_path, *parts))) == "a"


def row(count: int, kind: str = "revolute") -> list[str]:
    """Links in a row, each on the one before."""
    joints = (joint(f"j{i}", f"l{i - 1}", f"l{i}", kind) for i in range(1, count))
    return [*(link(f"l{i}") for i in range(count)), *joints]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (row(20_000), "got 20000 <link>, expected at most 500"),
        ([link("a"), *(joint(f"j{i}", "a", "a") for i in range(501))], "got 501 <joint>, expected at most"),
        (
            [link("a", "<sphere/>").replace("</link>", "<collision/>" * 500 + "</link>")],
            "got 501 <link/collision>",
        ),
        ([link("")], "got a <link> without a name"),
        ([*ABC[:2], joint("", "a", "b")], "got a <joint> without a name"),
        (
            [*ABC[:2], joint("j1", "a", "b").replace("0 0 0.5", "0 0 1e150")],
            "expected three finite numbers, at most",
        ),
    ],
    ids=["links", "joints", "shapes", "no link's name", "no joint's name", "far away"],
)
def test_what_is_no_robot_is_refused_before_any_work(tmp_path, parts, message):
    with pytest.raises(KinematicsError, match=message) as caught:
        read_urdf(urdf(tmp_path, *parts))
    assert len(str(caught.value)) < 1000


def test_the_longest_row_of_links_is_read(tmp_path):
    root = read_urdf(urdf(tmp_path, *row(500)))
    assert root_link(root) == "l0"


def test_a_message_names_some_of_many(tmp_path):
    with pytest.raises(KinematicsError, match="have no parent") as caught:
        read_urdf(urdf(tmp_path, *(link(f"a_link_with_a_long_name_{i}") for i in range(400))))
    assert len(str(caught.value)) < 2000


def test_encodings_are_read_or_refused(tmp_path):
    text = f'<?xml version="1.0" encoding="gbk"?><robot name="机">{link("a")}</robot>'
    (tmp_path / "robot.urdf").write_bytes(text.encode("gbk"))
    assert read_urdf(tmp_path / "robot.urdf").get("name") == "机"
    (tmp_path / "robot.urdf").write_text(text.replace("gbk", "no_such"))
    with pytest.raises(KinematicsError, match="not a readable URDF: unknown encoding: no_such"):
        read_urdf(tmp_path / "robot.urdf")
