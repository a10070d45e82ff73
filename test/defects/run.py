# SPDX-License-Identifier: Apache-2.0
"""Does the suite still find what it found before? Plants each defect of defects.yaml, and runs its tests.

The yardstick for changes of the suite, such as the split into a fast and a slow one: the fast suite (tests
without the marker `slow`) has to find at least 36 defects of 40, and the slow one, which is all tests, has to
find each. A defect is found if one of its tests fails. All of this happens in a copy of the checkout in a
temporary folder, which this Python imports instead of the checkout; nothing else is changed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEFECTS = Path(__file__).with_name("defects.yaml")
AREAS = ("gate", "planner", "wire", "simulator", "recorder", "importers", "memory", "trainer", "cli")
MOST_TESTS = 3
SUITES = {"fast": "not slow", "slow": ""}  # -> marker expression of pytest
LEAST = {"fast": 36, "slow": 40}  # defects that a suite has to find
# Exit codes of pytest; all others mean that the tests could not be run.
PASSED, FAILED, NONE_SELECTED = 0, 1, 5
FOUND, MISSED, NOT_SELECTED = "found", "missed", "not selected"
TIMEOUT_S = 900.0  # of one call of pytest with a defect
GRACE_S = 10.0  # after an interrupt, before pytest is killed
TAIL = 30  # lines of pytest's output that an error shows


class DefectError(Exception):
    """Something is wrong with a defect or with the run, not with the suite."""


@dataclass(frozen=True)
class Defect:
    """A mistake that a developer could make.

    Attributes:
        name: short, unique.
        area: one of AREAS.
        why: what a user would suffer from.
        file: that it is in, relative to the checkout.
        before: text that occurs exactly once in that file.
        after: what stands there with the defect.
        found_by: node ids of tests that fail with it, the cheapest first.
    """

    name: str
    area: str
    why: str
    file: str
    before: str
    after: str
    found_by: tuple[str, ...]

    def planted(self, text: str) -> str:
        """Return the content of its file with the defect.

        Raises:
            DefectError: it no longer fits, or what it makes of a Python file is none.
        """
        if (count := text.count(self.before)) != 1:
            raise DefectError(
                f"{self.name}: no longer fits: {self.file} has its text {count} times, expected once; change "
                "`before` and `after` so that they make the same mistake in the new code"
            )
        changed = text.replace(self.before, self.after)
        if self.file.endswith(".py"):
            try:
                compile(changed, self.file, "exec")
            except SyntaxError as error:
                raise DefectError(
                    f"{self.name}: makes {self.file} a file that is no Python: {error}"
                ) from error
        return changed


@dataclass
class Result:
    """What became of a defect.

    Attributes:
        name: of the defect.
        area: of the defect.
        outcome: FOUND, MISSED or NOT_SELECTED, which counts as missed.
        seconds: that its tests took.
        tests: outcome of each test that ran.
        said: the last lines of pytest on the test that found it.
    """

    name: str
    area: str
    outcome: str = NOT_SELECTED
    seconds: float = 0.0
    tests: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def read_defects(path: Path) -> list[Defect]:
    """Return the defects in a file.

    Raises:
        DefectError: it is no list of defects.
    """
    keys = set(Defect.__dataclass_fields__)
    defects = []
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        name = entry.get("name", "a defect without a name")
        if set(entry) != keys:
            raise DefectError(f"{name}: got {sorted(entry)}, expected {sorted(keys)}")
        if entry["area"] not in AREAS:
            raise DefectError(f"{name}: area: got {entry['area']}, expected one of {', '.join(AREAS)}")
        if not 1 <= len(entry["found_by"]) <= MOST_TESTS:
            raise DefectError(
                f"{name}: found_by: got {len(entry['found_by'])} tests, expected 1 to {MOST_TESTS}"
            )
        defects.append(Defect(**{**entry, "found_by": tuple(entry["found_by"])}))
    if twice := [name for name, count in Counter(it.name for it in defects).items() if count > 1]:
        raise DefectError(f"got several defects of the names {', '.join(twice)}, expected names that differ")
    return defects


def copy_checkout(root: Path, to: Path) -> None:
    """Copy what git tracks, and what it does not ignore, to an empty folder."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    for name in dict.fromkeys(os.fsdecode(listed.stdout).split("\0")):
        source = root / name
        if name and (source.is_symlink() or source.is_file()):  # a file that was removed is still listed
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def environment_of(copy: Path) -> dict[str, str]:
    """Return the environment of tests in a copy: they and their children import from it, never stale."""
    path = os.pathsep.join(filter(None, [str(copy), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")  # as the Makefile does
    if (Path(sys.prefix) / "share" / "ament_index").is_dir():
        environment.setdefault("AMENT_PREFIX_PATH", sys.prefix)
    return environment


class Tests:
    """Runs tests in a copy of the checkout.

    Args:
        copy: the copy.
        markers: marker expression of the suite.
        timeout_s: of a call with a defect.
    """

    def __init__(self, copy: Path, markers: str, timeout_s: float) -> None:
        self._copy, self._markers, self._timeout_s = copy, markers, timeout_s
        self._environment = environment_of(copy)

    def check_imports(self) -> None:
        """Raise DefectError unless Python imports the package from the copy."""
        found = self._output(
            [sys.executable, "-c", "import ami_ros; print(ami_ros.__file__)"], self._timeout_s
        )[1]
        if Path(found[-1] if found else "").parent.parent != self._copy:
            raise DefectError(f"tests would import {found[-1:]}, expected the package in {self._copy}")

    def run(
        self, tests: Sequence[str], *arguments: str, timeout_s: float | None = None
    ) -> tuple[int, list[str]]:
        """Return pytest's exit code and the lines of its output."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", "-m", self._markers]
        return self._output([*command, *arguments, *tests], timeout_s or self._timeout_s)

    def check(self, tests: Sequence[str]) -> None:
        """Raise DefectError unless all of these tests exist."""
        code, lines = self.run(tests, "--collect-only", "-m", "")
        if code != PASSED:
            raise DefectError(f"some tests of found_by cannot be collected: {tail(lines)}")

    def _output(self, command: Sequence[str], timeout_s: float) -> tuple[int, list[str]]:
        # A file, not a pipe, which processes that outlive the tests would keep open. A session of its own: an
        # interrupt reaches us alone, and we end the tests in order.
        with (
            tempfile.TemporaryFile() as output,
            subprocess.Popen(
                command,
                cwd=self._copy,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                process.wait(timeout_s)
                problem = ""
            except subprocess.TimeoutExpired:
                end(process)
                problem = f"pytest ran for more than {timeout_s:.0f} s, expected an end"
            except BaseException:
                end(process)
                raise
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()
        if problem:
            raise DefectError(f"{problem}: {tail(lines)}")
        return process.returncode, lines


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group."""
    for number, patience_s in ((signal.SIGINT, GRACE_S), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return


def tail(lines: Sequence[str]) -> str:
    """Return the last lines of an output, for an error."""
    return "\n".join(["", *lines[-TAIL:]])


@contextlib.contextmanager
def planted(defect: Defect, copy: Path) -> Iterator[None]:
    """Let a copy have a defect while the block runs."""
    file = copy / defect.file
    before = file.read_bytes()
    file.write_text(defect.planted(before.decode()), encoding="utf-8", newline="")
    try:
        yield
    finally:
        file.write_bytes(before)


def tests_of(defects: Sequence[Defect]) -> list[str]:
    """Return the tests of all defects, each once."""
    return list(dict.fromkeys(test for defect in defects for test in defect.found_by))


def try_clean(tests: Tests, defects: Sequence[Defect]) -> None:
    """Run the tests of all defects without any.

    Raises:
        DefectError: some fail: then "found" would mean nothing.
    """
    code, lines = tests.run(tests_of(defects), timeout_s=TIMEOUT_S * len(defects))
    if code not in (PASSED, NONE_SELECTED):
        raise DefectError(f"without a defect the tests end with {code}, expected them to pass: {tail(lines)}")


def try_defect(tests: Tests, defect: Defect, copy: Path, each: bool) -> Result:
    """Plant a defect, and run its tests until one fails.

    Args:
        tests: runs them.
        defect: to plant.
        copy: of the checkout.
        each: run all of its tests; it counts as found only if each that the suite has fails.

    Raises:
        DefectError: the tests cannot be run, with this defect or at all.
    """
    result, begun = Result(defect.name, defect.area), time.monotonic()
    with planted(defect, copy):
        for test in defect.found_by:
            code, lines = tests.run([test], "-x")
            if code not in (PASSED, FAILED, NONE_SELECTED):
                raise DefectError(f"{defect.name}: {test}: pytest ended with {code}: {tail(lines)}")
            outcome = {PASSED: MISSED, FAILED: FOUND}.get(code, NOT_SELECTED)
            result.tests[test] = outcome
            if outcome == FOUND:
                result.said = [line for line in lines if line.startswith(("E  ", "FAILED", "ERROR"))][-3:]
            if outcome == FOUND and not each:
                break
    outcomes = set(result.tests.values()) - {NOT_SELECTED}
    if outcomes:
        found = outcomes == {FOUND} if each else FOUND in outcomes
        result.outcome = FOUND if found else MISSED
    result.seconds = round(time.monotonic() - begun, 1)
    return result


def table(results: Sequence[Result]) -> list[str]:
    """Return the lines of a table by area."""
    lines = [f"{'area':12} {'found':>5} {'of':>4}  missed"]
    for area in AREAS:
        here = [result for result in results if result.area == area]
        missed = [f"{it.name} ({it.outcome})" for it in here if it.outcome != FOUND]
        if here:
            found = f"{area:12} {len(here) - len(missed):5} {len(here):4}"
            lines.append(f"{found}  {', '.join(missed)}".rstrip())
    return lines


def chosen(defects: Sequence[Defect], names: Sequence[str] | None) -> list[Defect]:
    """Return the defects of these names, or all.

    Raises:
        DefectError: there is none of a name.
    """
    if unknown := sorted({*(names or ())} - {defect.name for defect in defects}):
        known = ", ".join(defect.name for defect in defects)
        raise DefectError(f"--only: got {', '.join(unknown)}, expected some of {known}")
    return [defect for defect in defects if names is None or defect.name in names]


def measure(defects: Sequence[Defect], given: argparse.Namespace) -> list[Result]:
    """Return what the suite finds.

    Raises:
        DefectError: a defect no longer fits, or tests cannot be run.
    """
    with tempfile.TemporaryDirectory(prefix="ami_ros_defects_") as folder:
        copy = Path(folder).resolve() / "copy"
        copy.mkdir()
        copy_checkout(ROOT, copy)
        for defect in defects:  # all of them first: an old one must not show after an hour
            file = copy / defect.file
            defect.planted(file.read_bytes().decode() if file.is_file() else "")
        tests = Tests(copy, SUITES[given.suite], given.timeout)
        tests.check_imports()
        tests.check(tests_of(defects))
        if not given.skip_clean:
            begun = time.monotonic()
            try_clean(tests, defects)
            print(f"without a defect all tests pass ({time.monotonic() - begun:.0f} s)", flush=True)
        results = []
        for number, defect in enumerate(defects, start=1):
            result = try_defect(tests, defect, copy, given.each)
            results.append(result)
            by = next((test for test, outcome in result.tests.items() if outcome == FOUND), "")
            line = f"{number:2}/{len(defects)} {result.outcome:12} {defect.name} ({result.seconds:.0f} s)"
            print(f"{line} {by}".rstrip(), flush=True)
            if given.each:
                for test, outcome in result.tests.items():
                    print(f"      {outcome:12} {test}", flush=True)
        return results


def as_json(results: Sequence[Result], suite: str) -> Mapping[str, Any]:
    """Return what `--json` writes."""
    found = sum(result.outcome == FOUND for result in results)
    return {"suite": suite, "found": found, "of": len(results), "defects": [asdict(it) for it in results]}


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exits with 0 if enough defects are found, with 1 if too few are, and with 2 if a defect no longer "
        "fits, or its tests do not run or fail without it.",
    )
    parser.add_argument(
        "--suite",
        choices=list(SUITES),
        default="slow",
        help="fast leaves out tests marked slow (default: slow)",
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="only these defects, each of which must be found"
    )
    parser.add_argument(
        "--json", type=Path, metavar="F", help="write the outcome of each defect to this file"
    )
    parser.add_argument(
        "--skip-clean",
        action="store_true",
        help="trust that the tests pass without a defect, which saves minutes",
    )
    parser.add_argument(
        "--each",
        action="store_true",
        help="run every test of a defect, and require each to find it by itself",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT_S,
        metavar="S",
        help="of one test with a defect (default: %(default).0f)",
    )
    parser.add_argument("--list", action="store_true", help="list the defects, and run nothing")
    return parser.parse_args()


def stop(number: int, frame: object) -> None:
    """Let SIGTERM end the run as Ctrl-C does: the temporary folder is removed."""
    raise KeyboardInterrupt


def main() -> int:
    """Run what the command line says; return the exit code."""
    given = arguments()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)  # a shell that runs this in the background leaves it ignored
    try:
        defects = chosen(read_defects(DEFECTS), given.only)
        if given.list:
            print(*(f"{it.area:12} {it.name}: {it.why}" for it in defects), sep="\n")
            return 0
        results = measure(defects, given)
    except DefectError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("run.py: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    outcome = as_json(results, given.suite)
    if given.json is not None:
        given.json.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    print(*table(results), sep="\n")
    print(f"found {outcome['found']} of {outcome['of']}")
    return 0 if outcome["found"] >= (len(defects) if given.only else LEAST[given.suite]) else 1


if __name__ == "__main__":
    sys.exit(main())
