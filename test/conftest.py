# SPDX-License-Identifier: Apache-2.0
"""For all tests: one thread, warm processes, the longest files first, and what a failure needs to be understood."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from turns import turn
from warm import WarmPopen

from ami_ros.system import processes

# The processes that tests start: threads that share two cores with two other tests only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell that runs the suite in the background leaves SIGINT ignored, and so would every child that a test
# interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
DURATIONS = TESTS / "durations.json"  # seconds per file, of the last run with --write-durations


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that refreshes durations.json."""
    parser.addoption(
        "--write-durations", action="store_true", help=f"write what each file took to {DURATIONS.name}"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let nodes begin as processes that have imported everything."""
    processes.Popen = WarmPopen  # type: ignore[misc]
    config.stash[_TURNS] = (
        Path(tempfile.gettempdir()) / f"turns_{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    )


_TURNS = pytest.StashKey[Path]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test that is marked `alone` run alone."""
    with turn(item.config.stash[_TURNS], alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Say with each failure what made it: the seed, the domain, and how busy the machine was."""
    report = yield
    if report.failed:
        seed = getattr(item.module, "SEED", "none") if isinstance(item, pytest.Function) else "none"
        domain = os.environ.get("ROS_DOMAIN_ID", "none")
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        where = f"SEED {seed}, ROS_DOMAIN_ID {domain}, load of {os.cpu_count()} processors over 1, 5, 15 min: {load}"
        report.sections.append(("circumstances", where))
    return report


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


@pytest.hookimpl(tryfirst=True)  # before slow tests are left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the slow cases of parametrised tests, and put the files that take long first.

    So that workers that take whole files end together.

    Files with tests that run alone come last: nobody else has anything left to do then. Within a file the
    order stays.
    """
    _mark_slow_cases(config, items)
    took = json.loads(DURATIONS.read_text()) if DURATIONS.exists() else {}
    alone = {item.path for item in items if item.get_closest_marker("alone")}
    longest = max(took.values(), default=0.0)  # a file that nobody has timed begins first

    def rank(item: pytest.Item) -> tuple[bool, float]:
        return item.path in alone, -took.get(str(item.path.relative_to(TESTS)), longest)

    items.sort(key=rank)


def _mark_slow_cases(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark slow what a test marked `quick` does not name.

    Raises:
        pytest.UsageError: none of its cases has such a name, so the quick suite would not hold it at all.
    """
    left: dict[tuple[Path, str], bool] = {}
    for item in items:
        marker = item.get_closest_marker("quick")
        if marker is None or not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
            continue
        kept = any(fnmatchcase(item.callspec.id, pattern) for pattern in marker.args)
        test = (item.path, item.originalname)
        left[test] = left.get(test, False) or kept
        if not kept:
            item.add_marker("slow")
    lost = [f"{path.relative_to(TESTS)}::{name}" for (path, name), kept in left.items() if not kept]
    if lost and not any("::" in argument for argument in config.args):
        raise pytest.UsageError(f"marked quick, but none of the cases has such a name: {lost}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write what each file took, if asked to."""
    if not config.getoption("--write-durations"):
        return
    took: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                name = report.nodeid.partition("::")[0].removeprefix("test/")
                took[name] = took.get(name, 0.0) + report.duration
    lines = {name: round(seconds, 1) for name, seconds in sorted(took.items(), key=lambda one: -one[1])}
    DURATIONS.write_text(json.dumps(lines, indent=0) + "\n")
