# SPDX-License-Identifier: Apache-2.0
"""The payload of a simulated base, as URDF: boxes that form one rigid body with it."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from ami_ros.body.scenery import Box

MASS = 0.1  # kg, of a plate or a box of sheet metal: light enough not to affect its carrier


def with_payload(urdf: str, boxes: Mapping[str, Box]) -> str:
    """Return the text of a URDF with boxes by name fixed to its first link, in that link's frame."""
    if not boxes:
        return urdf
    robot = ElementTree.fromstring(urdf)
    carried = {child.get("link") for child in robot.iterfind("joint/child")}
    root = next((name for link in robot.iterfind("link") if (name := link.get("name")) not in carried), "")
    added = "".join(_link(name, box, root or "") for name, box in boxes.items())
    return urdf.replace("</robot>", f"{added}</robot>")


def _link(name: str, box: Box, parent: str) -> str:
    xyz, size, rgba = (
        " ".join(str(float(v)) for v in values)
        for values in (box.centre, [2.0 * half for half in box.half_size], box.colour)
    )
    shape = f'<geometry><box size="{size}"/></geometry>'
    return f"""
  <link name={quoteattr(name)}>
    <inertial><mass value="{MASS}"/>
      <inertia ixx="1e-3" ixy="0" ixz="0" iyy="1e-3" iyz="0" izz="1e-3"/></inertial>
    <visual>{shape}<material name={quoteattr(f"{name}_colour")}><color rgba="{rgba}"/></material></visual>
    <collision>{shape}</collision>
  </link>
  <joint name={quoteattr(f"{name}_joint")} type="fixed">
    <parent link={quoteattr(parent)}/><child link={quoteattr(name)}/><origin xyz="{xyz}" rpy="0 0 0"/>
  </joint>
"""
