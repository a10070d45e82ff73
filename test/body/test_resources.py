# SPDX-License-Identifier: Apache-2.0
"""Files by the names that a YAML or a URDF gives them."""

from __future__ import annotations

import pytest

from ami_ros.body import resources
from ami_ros.body.resources import resource
from ami_ros.errors import EmbodimentError


@pytest.fixture()
def mesh(tmp_path):
    path = tmp_path / "share" / "my_robot" / "meshes" / "link.stl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"solid")
    return path


def test_relative_absolute_and_file_names(mesh):
    for name in ("meshes/link.stl", str(mesh), f"file://{mesh}", "../my_robot/meshes/link.stl"):
        assert resource(name, mesh.parents[1]) == mesh


@pytest.mark.parametrize("folder", ["urdf", "."])
def test_a_package_is_one_of_the_folders_above(mesh, folder):
    where = mesh.parents[1] / folder
    where.mkdir(exist_ok=True)
    assert resource("package://my_robot/meshes/link.stl", where) == mesh


def test_a_package_below_the_folder_of_the_urdf(mesh):
    assert resource("package://meshes/link.stl", mesh.parents[1]) == mesh


@pytest.mark.parametrize(
    ("variable", "depth"), [("AMENT_PREFIX_PATH", 3), ("ROS_PACKAGE_PATH", 2), ("ROS_PACKAGE_PATH", 1)]
)
def test_a_package_of_a_workspace(mesh, tmp_path, monkeypatch, variable, depth):
    monkeypatch.setenv(variable, f"/nowhere:{mesh.parents[depth]}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert resource("package://my_robot/meshes/link.stl", elsewhere) == mesh


def test_a_python_package(tmp_path):
    assert resource("package://ami_ros/body/resources.py", tmp_path).name == "resources.py"


@pytest.mark.parametrize(
    "name",
    ["meshes/other.stl", "/meshes/other.stl", "package://my_robot/other.stl", "package://", "package://a"],
)
def test_a_missing_file_is_refused_with_the_places_looked_at(mesh, name):
    with pytest.raises(EmbodimentError, match=r"no such file; looked for .*; (source|expected)"):
        resource(name, mesh.parents[1])


def test_a_package_that_an_extra_brings_names_it_where_it_is_not_installed(mesh, monkeypatch):
    monkeypatch.setitem(resources.EXTRAS, "robots-of-others", "robots")
    with pytest.raises(
        EmbodimentError, match=r"install the extra that brings the package: pip install -e '\.\[robots\]'"
    ):
        resource("package://robots-of-others/arm.urdf", mesh.parents[1])
    monkeypatch.setitem(resources.EXTRAS, "my_robot", "robots")
    with pytest.raises(EmbodimentError, match="source the workspace that has the package"):  # it is there
        resource("package://my_robot/arm.urdf", mesh.parents[1])


@pytest.mark.parametrize(
    "name", ["a" * 5000, "a\0b", "package://__main__/x", f"package://{'a' * 5000}/x", "\ud800"]
)
def test_what_can_be_no_name_is_refused(name, tmp_path):
    with pytest.raises(EmbodimentError, match=r"not a valid file name|no such file"):
        resource(name, tmp_path)
