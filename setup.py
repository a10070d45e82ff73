# SPDX-License-Identifier: Apache-2.0
"""Install ami_ros with pip (`make venv`) or, as a ROS 2 package, with colcon."""

from __future__ import annotations

from glob import glob
from pathlib import Path

from setuptools import find_packages, setup

NAME = "ami_ros"
HERE = Path(__file__).resolve().parent

# What may lie beside the files that ship: left by editors, interpreters and killed training runs.
NOT_INSTALLED = ("*.pyc", "*.tmp", "*.ckpt", ".*")


def files_below(folder: str) -> list[tuple[str, list[str]]]:
    """List `folder`, recursively, as setuptools' data_files: (destination, files), structure kept.

    Paths are relative to this file, which is where pip and colcon run it.
    """
    by_destination: dict[str, list[str]] = {}
    for path in sorted((HERE / folder).rglob("*")):
        relative = path.relative_to(HERE)
        unwanted = any(Path(part).match(pattern) for part in relative.parts for pattern in NOT_INSTALLED)
        if path.is_file() and not unwanted:
            by_destination.setdefault(f"share/{NAME}/{relative.parent}", []).append(str(relative))
    return sorted(by_destination.items())


# Bounds say what should work: below, what we use is missing; above is a major version that nobody has tried.
# What was tested together is in constraints.txt, which `make venv` installs.

# ROS 2 Kilted as wheels (Linux, CPython 3.10 to 3.14): everything runs where no ROS is installed.
# Leave this extra out where ROS 2 is installed: two rclpy in one process do not work.
ROS = [
    "ros-kilted-rclpy",
    "ros-kilted-rmw-fastrtps-cpp",
    "ros-kilted-common-interfaces",
]
# trimesh reads DAE by way of pycollada, and simplifies by way of fast-simplification.
SIM = [
    "pybullet>=3.2.5,<4",
    "av>=10,<19",
    "trimesh>=4.4,<6",
    "fast-simplification>=0.1.9,<1",
    "pycollada>=0.7,<1",
]
TRAIN = ["tensorboard>=2.12,<3", "matplotlib>=3.6,<4", "jinja2>=3.1,<4"]
# The nearest among more remembered states than can be looked at one by one.
MEMORY = ["usearch>=2.17,<3"]
# URDFs and meshes of the robots in config/robots that name them; 131 MB, and no code to run.
ROBOTS = ["example-robot-data>=6,<7"]
# MCAP with chunks that can be flushed, and all of rosbag2 without ROS.
RECORD = ["mcap>=1.6,<2", "rosbags>=0.11,<0.12", "matplotlib>=3.6,<4"]
# LeRobotDataset v3 in and out. The lerobot package itself wants other versions of torch and OpenCV.
LEROBOT = ["pyarrow>=16,<27", "av>=10,<19"]
# An SO-101 arm on a serial port: its servos, and its URDF.
SO101 = ["feetech-servo-sdk>=1,<2", "pyserial>=3.5,<4", *ROBOTS]
# Collection and evaluation on a cluster.
RAY = ["ray>=2.40,<3"]
# Public solvers, to use and to compare with. stable-worldmodel imports opencv and imageio undeclared.
BENCH = [
    "pytorch-mppi>=0.9,<1",
    "stable-worldmodel>=0.1,<0.2",
    "opencv-python-headless>=4.7,<6",
    "imageio>=2.30,<3",
]
# A second simulator, for `simulation.kind: mujoco`. It draws with OpenGL: libegl1 on Debian and Ubuntu.
# These versions have no wheel for Python 3.14.
MUJOCO = ["mujoco>=3.3.3,<3.4; python_version < '3.14'"]
# An arm in a simulator that is not ours, for test/foreign. MuJoCo 4 does not load its models.
FOREIGN = ["gymnasium-robotics>=1.4,<1.5", *MUJOCO]
# Any robot and task as a gymnasium environment.
GYM = ["gymnasium>=1.0,<2"]
# Plants with an oracle that knows their equations, for `python -m benchmarks process`; 1 GB with JAX.
PROCESS = ["pcgym>=0.1.8,<0.2; python_version >= '3.11'", "stable-baselines3>=2.4,<3"]
# An aircraft engine for `python -m benchmarks turbofan`.
TURBOFAN = ["om-pycycle>=4.4,<5", "openmdao>=3.45,<4", "scipy>=1.13,<2"]
# Mazes for `python -m benchmarks point-maze`, with MuJoCo. gymnasium imports imageio undeclared.
POINT_MAZE = ["ogbench>=1.2,<2; python_version < '3.14'", "imageio>=2.30,<3"]
# The viewer of `ami-ros watch`, with its own window and page; 170 MB.
WATCH = ["rerun-sdk>=0.41,<1; python_version >= '3.11'"]
DOCS = ["mkdocs-material>=9.5,<10", "mkdocstrings[python]>=0.26,<2"]
TEST = [
    "pytest>=8.2,<10",  # colcon looks for this very name: without it, it runs no test and says "passed"
    "pytest-xdist>=3.7,<4",  # one process per core: see PYTEST_ARGS in the Makefile
    "hypothesis>=6.80,<7",
    "ruff>=0.6,<1",
    "mypy>=1.10,<3",
    "types-PyYAML",
    "catkin-pkg>=1.0",
    "colcon-common-extensions",
    "tomli>=2; python_version < '3.11'",
]

setup(
    name=NAME,
    version="0.2.0",
    description="A robot reaches what a picture shows: a world model, a planner and a safety gate for ROS 2",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    maintainer="ami_ros maintainers",
    maintainer_email="maintainers@ami-ros.dev",
    python_requires=">=3.10",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={NAME: ["py.typed"], f"{NAME}.report": ["*.j2"], f"{NAME}.commissioning": ["*.j2"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", sorted(glob("launch/*.launch.py"))),
        *files_below("config"),
        *files_below("models"),
    ],
    install_requires=[
        "numpy>=1.23,<3",
        "pyyaml>=5.4,<7",
        "opencv-python-headless>=4.7,<6",
        "torch>=2.2,<3",
        "pin>=3.3.1,<5",  # with coal, which reads meshes
        "ruckig>=0.19,<1",
        "typer>=0.15.1,<1",
        "rich>=13,<16",
    ],
    extras_require={
        "ros": ROS,
        "sim": SIM,
        "mujoco": MUJOCO,
        "train": TRAIN,
        "memory": MEMORY,
        "robots": ROBOTS,
        "record": RECORD,
        "lerobot": LEROBOT,
        "gym": GYM,
        "watch": WATCH,
        "docs": DOCS,
        "ray": RAY,
        "so101": SO101,
        "bench": BENCH,
        "process": PROCESS,
        "point_maze": POINT_MAZE,
        "turbofan": TURBOFAN,
        "foreign": FOREIGN,
        "test": TEST,
    },
    entry_points={
        "console_scripts": [
            "ami-ros = ami_ros.cli.main:main",
            "planner_node = ami_ros.ros.planner.node:main",
            "explorer_node = ami_ros.ros.explorer.node:main",
            "safety_node = ami_ros.ros.gate.node:main",
            "sim_node = ami_ros.ros.simulator.node:main",
            "recorder_node = ami_ros.ros.recorder.node:main",
            "so101_node = ami_ros.ros.so101.node:main",
            "camera_node = ami_ros.ros.camera.node:main",
        ],
        # Robots of benchmarks/, which a checkout has and a wheel has not: see ami_ros/evaluation/offered.py.
        "ami_ros.evaluations": ["turbofan = benchmarks.turbofan.evaluation"],
    },
    zip_safe=True,
)
