# SPDX-License-Identifier: Apache-2.0
"""The dependency rule and the house rules of CONTRIBUTING.md, checked on the source itself."""

from __future__ import annotations

import ast
import functools
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ami_ros"
FILES = sorted(PACKAGE.rglob("*.py"))

# The core: no clock, no chance, no printing. Time, random generators and devices are arguments.
CORE = {
    *("types", "errors", "settings", "body"),
    *("planning", "safety", "model", "memory", "exploration", "commissioning/core"),
}
# Who may import which third-party packages. A part that is not named may import any but those below.
THIRD_PARTY = {
    "types": {"numpy", "yaml"},
    "errors": {"numpy", "yaml"},
    "settings": {"yaml"},
    "configuration": set[str](),
    "launching": set[str](),
    "system": {"cv2", "typing_extensions", "ray", "rich", "typer"},
    "body": {"numpy", "pinocchio", "coal"},
    "safety": {"numpy", "ruckig"},
    "planning": {"numpy", "torch"},
    "model": {"numpy", "torch"},
    "memory": {"numpy", "cv2", "usearch"},
    "exploration": {"numpy", "cv2"},
    "augmentation": {"numpy", "cv2"},
    "commissioning/core": {"numpy"},
    "doctor": {"numpy", "torch"},
    "devices": {"numpy", "cv2", "serial", "scservo_sdk"},
}
# Who may import which of our own parts, besides itself. A part that is not named may import any but NOBODY's.
BASE = {"types", "errors", "settings"}
OWN = {
    **{part: BASE for part in BASE},
    "launching": {"errors", "body"},  # body: the kinds of goal, each with an argument
    "system": {"errors", "settings", "launching"},
    "body": BASE,
    "safety": BASE | {"body"},
    "model": BASE | {"body", "system"},
    "planning": BASE | {"body", "model", "memory"},  # memory: only the factory, when a setting asks for it
    "memory": BASE | {"body", "planning", "recordings", "system"},  # planning: what a memory hears of
    "exploration": BASE | {"body", "system"},
    # exploration: which way a base went; report: the interval of a success rate
    "commissioning/core": BASE | {"body", "exploration", "report"},
    # Knows where every part keeps its settings; the parts are handed it, and name it for types only.
    "configuration": BASE
    | {
        "body",
        "commissioning",
        "exploration",
        "memory",
        "node_settings",
        "planning",
        "model",
        "safety",
        "sim",
        "training",
    },
    "devices": BASE | {"system"},
    "recordings": BASE | {"body", "devices", "episodes", "system"},  # devices: lerobot's calibration file
    "episodes": BASE | {"body", "system"},
    "training": BASE | {"body", "system", "model", "episodes"},
    # What a simulator varies, in pictures: it draws from the same ranges, and needs no simulator.
    "augmentation": BASE | {"episodes", "sim"},
    "sim": BASE | {"body", "system", "safety", "planning", "episodes", "exploration"},
}
# Rooms of ami_ros/ros: the nodes import what they share, and never each other.
# `proposing` is what planner and explorer have in common.
SHARED_ROOMS = {"wire": set[str](), "proposing": {"wire"}}
# These use the nodes as anybody does, and what episodes need.
OVER_CLIENTS = {"attacks", "commissioning"}
STARTS_ROS = {"cli", "evaluation", "commissioning"}  # where ROS is there: only inside a function
NOBODY = {"ros", "cli"}  # start them as processes
# Deprecated upstream: one day only these three change.
TORCH_JIT = {"model/export.py", "model/scripted.py"}
# Engine -> its one folder.
SIMULATORS = {"pybullet": "sim/pybullet", "mujoco": "sim/mujoco"}
BUILT_WELL = "doctor/installation.py"  # asks whether PyBullet is
ROS_ROOTS = {"rclpy", "launch", "launch_ros", "ament_index_python", "builtin_interfaces", "rcl_interfaces"}
VAGUE_NAMES = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}


class Import(NamedTuple):
    name: str  # dotted, absolute
    line: int
    deferred: bool  # inside a function: costs nothing until it is called
    for_types: bool  # under `if TYPE_CHECKING`: never happens when the program runs

    @property
    def root(self) -> str:
        return self.name.partition(".")[0]

    @property
    def own_part(self) -> str | None:
        """Return `safety` of ami_ros.safety.checks.freshness; None for what is not ours."""
        root, *parts = self.name.split(".")
        return part_named(parts or ["__init__"]) if root == "ami_ros" else None


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    return part_named(list(path.relative_to(PACKAGE).with_suffix("").parts))


def part_named(parts: list[str]) -> str:
    """Return the name of a part: the first folder, or the first two where the tables above name them."""
    inner = "/".join(parts[:2])
    return inner if inner in OWN else parts[0]


@functools.cache  # most tests here ask for those of every file
def imports(path: Path) -> list[Import]:
    found: list[Import] = []

    def visit(node: ast.AST, deferred: bool, for_types: bool) -> None:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ["ami_ros", *path.relative_to(PACKAGE).parts[:-1]]
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            # `from ami_ros import safety` imports a part by its name; elsewhere the module is what counts.
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "ami_ros" else [module]
        found.extend(Import(name, node.lineno, deferred, for_types) for name in names)
        deferred = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for_types = for_types or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for child in ast.iter_child_nodes(node):
            visit(child, deferred, for_types)

    visit(ast.parse(path.read_text()), False, False)
    return found


def is_ros(name: str) -> bool:
    root = name.partition(".")[0]
    return root in ROS_ROOTS or root.endswith(("_msgs", "_srvs"))


def report(offences: list[str], rule: str) -> None:
    if offences:
        pytest.fail(f"{rule}:\n  " + "\n  ".join(offences), pytrace=False)


def test_there_is_something_to_check():
    assert len(FILES) > 10


def test_third_party_imports_are_those_the_part_may_use():
    offences = []
    for path in FILES:
        allowed = THIRD_PARTY.get(part_of(path))
        for found in imports(path):
            foreign = found.own_part is None and found.root not in sys.stdlib_module_names
            if foreign and allowed is not None and found.root not in allowed:
                offences.append(
                    f"{relative(path)}:{found.line} imports {found.root}; "
                    f"{part_of(path)} may use {sorted(allowed) or 'the standard library only'}"
                )
    report(offences, "the dependency rule allows less")


def test_own_imports_follow_the_layers():
    offences = []
    for path in FILES:
        part = part_of(path)
        allowed = OWN.get(part)
        for found in imports(path):
            other = found.own_part
            if other in (None, part, "__init__", "__version__") or found.for_types:
                continue
            starts_ros = part in STARTS_ROS and other == "ros" and found.deferred
            if other in NOBODY and not starts_ros:
                offences.append(f"{relative(path)}:{found.line} imports {found.name}; nothing may")
            elif allowed is not None and not {other, other.partition("/")[0]} & allowed:
                offences.append(
                    f"{relative(path)}:{found.line} imports {found.name}; {part} may import {sorted(allowed)}"
                )
    report(offences, "the dependency rule allows less")


def test_a_simulator_is_imported_in_its_backend_alone():
    offences = [
        f"{relative(path)}:{found.line} imports {found.name}"
        for path in FILES
        for found in imports(path)
        for simulator, folder in SIMULATORS.items()
        if found.root.startswith(simulator) and not relative(path).startswith(f"{folder}/")
    ]
    report(offences, f"only these folders may import their simulator: {SIMULATORS}")


def test_nobody_knows_a_backend_but_by_the_table_of_engines():
    backends = tuple("ami_ros." + folder.replace("/", ".") for folder in SIMULATORS.values())
    offences = [
        f"{relative(path)}:{found.line} imports {found.name}"
        for path in FILES
        for found in imports(path)
        if found.name.startswith(backends)
        and not relative(path).startswith((*SIMULATORS.values(), BUILT_WELL))
    ]
    report(offences, "worlds are opened by open_world, and used as World or Stage")


def test_only_ros_imports_ros():
    offences = [
        f"{relative(path)}:{found.line} imports {found.name}"
        for path in FILES
        for found in imports(path)
        if is_ros(found.name) and part_of(path) != "ros"
    ]
    report(offences, "only ami_ros/ros may import rclpy and message packages")


def test_the_package_knows_nothing_of_what_is_not_installed():
    offences = [
        f"{relative(path)}:{found.line} imports {found.name}"
        for path in FILES
        for found in imports(path)
        if found.root in ("benchmarks", "examples", "test")
    ]
    report(offences, "benchmarks, examples and tests use the package")


def test_a_node_imports_what_all_share_and_no_other_node():
    offences = []
    for path in (PACKAGE / "ros").rglob("*.py"):
        room = path.relative_to(PACKAGE / "ros").parts[0]
        for found in imports(path):
            parts = found.name.split(".")
            allowed = {room, *SHARED_ROOMS.get(room, SHARED_ROOMS)}
            allowed |= {"clients"} if room in OVER_CLIENTS else set()
            if parts[:2] == ["ami_ros", "ros"] and parts[2] not in allowed:
                offences.append(f"{relative(path)}:{found.line} imports {found.name}")
    report(offences, f"a room of ros/ imports itself and {sorted(SHARED_ROOMS)}")


def test_what_knows_no_ros_is_not_in_ros():
    offences = []
    for path in (PACKAGE / "ros").rglob("[!_]*.py"):
        names = [found.name for found in imports(path)]
        if not any(is_ros(name) or name.startswith("ami_ros.ros.") for name in names):
            offences.append(f"{relative(path)}: imports neither ROS nor what uses it")
    report(offences, "ros/ holds what needs ROS")


def test_no_part_imports_itself_by_way_of_others():
    """Deferred imports count, those for types only do not: they never happen."""
    graph: dict[str, set[str]] = {}
    for path in FILES:
        part = part_of(path)
        known = {i.own_part for i in imports(path) if not i.for_types}
        graph.setdefault(part, set()).update(other for other in known if other not in (None, part))
    while leaves := [part for part, known in graph.items() if not known & graph.keys()]:
        for part in leaves:
            del graph[part]
    report(sorted(graph), "a circle of parts, and what leads to it")


def test_no_file_imports_itself_by_way_of_others():
    module = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES}
    graph = {module[path]: {found.name for found in imports(path) if not found.for_types} for path in FILES}
    graph = {name: others & set(graph) for name, others in graph.items()}
    while free := [name for name, others in graph.items() if not others]:
        graph = {name: others - set(free) for name, others in graph.items() if name not in free}
    report(sorted(graph), "an import circle, and what leads to it")


def test_only_what_saves_and_loads_touches_torch_jit():
    offences = []
    for path in FILES:
        if relative(path) in TORCH_JIT:
            continue
        offences += [f"{relative(path)}:{i.line}" for i in imports(path) if i.name.startswith("torch.jit")]
        offences += [
            f"{relative(path)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
            and node.attr == "jit"
            and isinstance(node.value, ast.Name)
            and node.value.id == "torch"
        ]
    report(offences, f"only {sorted(TORCH_JIT)} may use torch.jit")


def test_the_core_reads_no_clock_rolls_no_dice_and_prints_nothing():
    offences = []
    for path in FILES:
        if part_of(path) not in CORE:
            continue
        offences += [
            f"{relative(path)}:{found.line} imports {found.root}"
            for found in imports(path)
            if found.root in ("time", "datetime", "random")
        ]
        offences += [
            f"{relative(path)}:{node.lineno} prints"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        ]
    report(offences, "core code gets time, random generators and devices as arguments")


def test_validation_is_never_an_assert_and_no_except_is_bare():
    offences = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assert):
                offences.append(f"{relative(path)}:{node.lineno} assert: gone under python -O, raise instead")
            elif isinstance(node, ast.ExceptHandler) and node.type is None:
                offences.append(f"{relative(path)}:{node.lineno} bare except: name what is expected")
    report(offences, "errors are raised and caught by name")


def test_no_setting_of_ours_has_a_default_in_code():
    """The default of a part of another package is in its code: it has no file in config/."""
    offences = [
        f"{relative(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setting"
        if any(keyword.arg == "default" for keyword in node.keywords)
    ]
    report(offences, "a default lives in config/*.yaml")


def test_files_are_named_for_what_they_hold():
    names = [relative(path) for path in FILES]
    offences = [f"{name}: say what is in it" for name in names if name.rpartition("/")[2] in VAGUE_NAMES]
    report(offences, "one idea per file")


def test_every_python_file_says_its_licence():
    paths = [ROOT / "setup.py", *FILES, *(ROOT / "launch").glob("*.py"), *(ROOT / "test").rglob("*.py")]
    paths += (ROOT / "benchmarks").rglob("*.py")
    offences = []
    for path in paths:
        first = [line for line in path.read_text().splitlines()[:2] if not line.startswith("#!")][:1]
        if first != ["# SPDX-License-Identifier: Apache-2.0"]:
            offences.append(str(path.relative_to(ROOT)))
    report(offences, "the first line (after a #!) is `# SPDX-License-Identifier: Apache-2.0`")


@pytest.mark.parametrize("entry", ["ami_ros.safety", "ami_ros.configuration", "ami_ros.ros.gate.node"])
def test_the_gate_runs_without_torch_and_without_the_simulator(entry: str):
    """By what is loaded in the end: an import of an import counts, too."""
    if entry.startswith("ami_ros.ros") and importlib.util.find_spec("rclpy") is None:
        pytest.skip("rclpy is not installed")
    modules = [entry]
    if entry == "ami_ros.safety":
        modules += [
            ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for path in (PACKAGE / "safety").rglob("[!_]*.py")
        ]
    code = f"""
import sys, {", ".join(modules)}
from ami_ros.configuration import Configuration  # what the gate asks of a robot, and what that loads
asked = Configuration.load("panda", "push")
asked.safety, asked.safety_node
foreign = ("torch", "pybullet", "mujoco", "ami_ros.model", "ami_ros.planning", "ami_ros.sim")
print(sorted(name for name in sys.modules if (name + ".").startswith(tuple(f"{{it}}." for it in foreign))))
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
