# SPDX-License-Identifier: Apache-2.0
"""For all tests: one thread, so that they are repeatable and leave the other cores alone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The processes that tests start: threads that share two cores with two other tests only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def one_torch_thread() -> None:
    """Only where a test module imports torch: the others shall not wait for it."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(autouse=True)
def same_priority() -> Iterator[None]:
    """A test that makes its own process real-time would starve the tests that run next to it."""
    if not hasattr(os, "sched_getscheduler"):  # not on Linux: the gate cannot raise its priority there
        yield
        return
    before = os.sched_getscheduler(0)
    yield
    assert os.sched_getscheduler(0) == before


# A shell that runs the suite in the background leaves SIGINT ignored, and so would every child that a test
# interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# They begin first, the longest of them first of all: workers that take whole files shall end together.
LONGEST = (
    "faults/test_matrix.py",
    "api/test_public.py",
    "sim/test_shipped_routes.py",
    "sim/test_shipped_model.py",
    "cli/test_pipeline.py",
    "ros/gate/test_gate_robustness.py",
    "cli/test_train.py",
    "bench/test_explored.py",
    "safety/test_gate_machine.py",
    "faults/test_bodies.py",
    "cli/test_memory.py",
    "cli/test_collect.py",
    "evaluation/test_ros_episodes.py",
    "ros/gate/test_estop.py",
    "evaluation/test_ros_bodies.py",
    "safety/test_known_holes.py",
    "ros/gate/test_node.py",
    "ros/planner/test_node.py",
    "evaluation/test_direct_episodes.py",
    "ros/test_bodies.py",
    "safety/test_mutations.py",
    "planning/test_bundle.py",
    "ros/gate/test_restrictions.py",
    "benchmarks/four_room/test_episodes.py",
    "ros/test_new_bodies.py",
    "faults/test_optional_camera.py",
    "cli/test_commission.py",
    "cli/test_hostile_input.py",
    "cli/test_interrupt.py",
    "ros/wire/test_wire.py",
    "safety/limits/test_keep_in.py",
    "training/test_imagining.py",
    "planning/test_search.py",
    "training/test_trainer.py",
    "faults/test_attacks.py",
    "ros/simulator/test_node.py",
    "training/test_double_exposures.py",
    "ros/test_loop.py",
    "ros/explorer/test_node.py",
    "sim/tasks/kinds/test_drive.py",
    "ros/clients/test_live_topics.py",
    "evaluation/test_surprise_episodes.py",
    "ros/recorder/test_recordings.py",
    "safety/test_set_points.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take long first; within a file the order stays."""
    tests = Path(__file__).parent
    ranks = {tests / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(LONGEST)))
