# SPDX-License-Identifier: Apache-2.0
"""For all tests: one thread, so that they are repeatable and leave the other cores alone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

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

# They begin first: workers that take whole files shall end together.
LONGEST = (
    "test_matrix.py",
    "test_shipped_routes.py",
    "test_gate_robustness.py",
    "test_public.py",
    "test_shipped_model.py",
    "test_train.py",
    "test_new_bodies.py",
    "test_ros_episodes.py",
    "test_pipeline.py",
    "test_commission.py",
    "test_optional_camera.py",
    "test_estop.py",
    "test_bodies.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take minutes first; within a file the order stays."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
