# SPDX-License-Identifier: Apache-2.0
"""The package as pip, colcon and `ros2 run` see it: manifests agree, and everything needed is installed."""

from __future__ import annotations

import ast
import importlib.util
import runpy
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import setuptools

import ami_ros
from ami_ros.evaluation.offered import NEEDS

ROOT = Path(__file__).resolve().parents[1]
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))
LAUNCH_NAMES = [path.name for path in LAUNCH_FILES]

# Not `launch`: our own folder of that name would answer for it.
needs_launch = pytest.mark.skipif(
    importlib.util.find_spec("launch_ros") is None,
    reason="launch_ros is not installed: it comes with a ROS 2 installation and is in no package index",
)


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py hands to setuptools.setup()."""
    got: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", lambda **arguments: got.update(arguments))
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    return got


@pytest.fixture
def manifest() -> ElementTree.Element:
    return ElementTree.parse(ROOT / "package.xml").getroot()


def test_package_xml_is_valid():
    """With any error in it colcon takes the folder for a plain Python package, and says nothing."""
    catkin_pkg = pytest.importorskip("catkin_pkg.package", reason="needs catkin_pkg")
    warnings: list[str] = []
    package = catkin_pkg.parse_package(str(ROOT), warnings=warnings)
    assert warnings == []
    assert package.package_format == 3
    assert package.get_build_type() == "ament_python"


def test_name_version_and_licence_are_said_alike_everywhere(setup_arguments, manifest):
    assert manifest.findtext("name") == setup_arguments["name"] == "ami_ros"
    assert manifest.findtext("version") == setup_arguments["version"] == ami_ros.__version__
    assert manifest.findtext("license") == setup_arguments["license"] == "Apache-2.0"
    assert manifest.find("maintainer").get("email") == setup_arguments["maintainer_email"]
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text()


def test_pyproject_leaves_the_build_to_setup_py():
    """Colcon reads setup.py; setuptools would let a [project] table override it."""
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    tables = [line.strip("[]\n ") for line in lines if line.startswith("[")]
    assert tables
    assert [name for name in tables if not name.startswith("tool.")] == []


def test_colcon_finds_pytest_among_the_test_dependencies(setup_arguments):
    """Else it falls back to unittest, which finds no test and passes."""
    assert any(requirement.startswith("pytest>") for requirement in setup_arguments["extras_require"]["test"])


def test_colcon_measures_no_coverage_unasked(setup_arguments):
    assert not any("pytest-cov" in requirement for requirement in setup_arguments["extras_require"]["test"])


def test_scripts_go_where_ros2_run_looks():
    lines = (ROOT / "setup.cfg").read_text().splitlines()
    assert "script_dir=$base/lib/ami_ros" in lines
    assert "install_scripts=$base/lib/ami_ros" in lines


def test_every_console_script_has_its_function(setup_arguments):
    for script in setup_arguments["entry_points"]["console_scripts"]:
        module, _, function = script.partition("=")[2].strip().partition(":")
        tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text())
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert function in defined, script


def test_every_evaluation_is_in_the_checkout_and_has_what_evaluate_calls(setup_arguments):
    for point in setup_arguments["entry_points"]["ami_ros.evaluations"]:
        module = point.partition("=")[2].strip()
        tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text())
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        defined |= {
            target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
        }
        assert defined >= set(NEEDS), point


def test_every_package_is_installed_and_no_test(setup_arguments):
    on_disk = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "ami_ros").rglob("__init__.py")
    }
    assert set(setup_arguments["packages"]) == on_disk
    with_code = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "ami_ros").rglob("*.py")}
    assert with_code == on_disk, "a folder without __init__.py is not installed"


def test_every_file_of_config_models_and_launch_is_installed(setup_arguments):
    installed = {
        f"{destination}/{Path(file).name}": file
        for destination, files in setup_arguments["data_files"]
        for file in files
    }
    expected = {
        f"share/ami_ros/{path.relative_to(ROOT)}": str(path.relative_to(ROOT))
        for folder in ("config", "models", "launch")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".tmp", ".ckpt") and not path.name.startswith(".")
    }
    assert expected
    for destination, file in expected.items():
        assert installed.get(destination) == file
    assert installed["share/ament_index/resource_index/packages/ami_ros"] == "resource/ami_ros"
    assert installed["share/ami_ros/package.xml"] == "package.xml"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem.replace(".", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_launch_files_are_there():
    known = ("demo", "explore", "robot", "ros2_control", "sim", "so101")
    assert [f"{name}.launch.py" for name in known] == LAUNCH_NAMES


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=LAUNCH_NAMES)
def test_launch_file_compiles(path: Path):
    compile(path.read_text(), str(path), "exec")


@needs_launch
@pytest.mark.parametrize("path", LAUNCH_FILES, ids=LAUNCH_NAMES)
def test_launch_file_declares_its_arguments(path: Path):
    module = load(path)
    description = module.generate_launch_description()
    # demo.launch.py includes the others, which declare some of the same.
    declared = {argument.name for argument in description.get_launch_arguments()}
    assert {argument.name for argument in module.ARGUMENTS} <= declared


@needs_launch
@pytest.mark.parametrize(
    ("file", "executables"),
    [
        ("sim.launch.py", {"sim_node"}),
        ("robot.launch.py", {"planner_node", "safety_node"}),
        ("explore.launch.py", {"explorer_node", "safety_node"}),
        ("so101.launch.py", {"so101_node", "camera_node"}),
    ],
)
def test_launch_file_starts_its_nodes(file: str, executables: set[str]):
    from launch import LaunchContext
    from launch_ros.actions import Node

    module = load(ROOT / "launch" / file)
    context = LaunchContext()
    for argument in module.ARGUMENTS:
        context.launch_configurations[argument.name] = argument.default_value
    actions = module.start(context)
    assert {action.node_executable for action in actions if isinstance(action, Node)} == executables
