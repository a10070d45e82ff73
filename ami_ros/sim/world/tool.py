# SPDX-License-Identifier: Apache-2.0
"""A tool in the simulated hand, as URDF: one rigid body with the hand, so that it cannot slip."""

from __future__ import annotations

from ami_ros.body.arm import ToolSpec

TOOL_LINK = "tool"
MASS = 0.05  # kg, a plastic rod: light enough not to affect the arm


def with_tool(urdf: str, parent: str, tool: ToolSpec) -> str:
    """Return the text of a URDF with the rod fixed to link `parent`, along that link's z axis."""
    middle = f'<origin xyz="0 0 {tool.length / 2}" rpy="0 0 0"/>'
    shape = f'<geometry><cylinder radius="{tool.radius}" length="{tool.length}"/></geometry>'
    link = f"""
  <link name="{TOOL_LINK}">
    <inertial>{middle}<mass value="{MASS}"/>
      <inertia ixx="1e-4" ixy="0" ixz="0" iyy="1e-4" iyz="0" izz="1e-4"/></inertial>
    <visual>{middle}{shape}</visual>
    <collision>{middle}{shape}</collision>
  </link>
  <joint name="{TOOL_LINK}_joint" type="fixed">
    <parent link="{parent}"/><child link="{TOOL_LINK}"/><origin xyz="0 0 0" rpy="0 0 0"/>
  </joint>
</robot>"""
    return urdf.replace("</robot>", link)
