# SPDX-License-Identifier: Apache-2.0
"""constraints.txt: the tested versions, for every package that setup.py asks for, and what `make venv` installs."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
# As in a shell: `make test` hands its own variables on to what it runs.
INHERITED = ("CONSTRAINTS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
PLAIN = {name: value for name, value in os.environ.items() if name not in INHERITED}
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


def lines() -> list[str]:
    return [text for text in (ROOT / "constraints.txt").read_text().splitlines() if not text.startswith("#")]


PINS = {canonicalize_name(pin.name): pin for pin in map(Requirement, lines())}


def asked_for() -> list[Requirement]:
    """Everything in setup.py, and what the Makefile installs before it."""
    got = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, "setup", lambda **arguments: got.update(arguments))
        patch.chdir(ROOT)
        runpy.run_path("setup.py")
    extras = [text for extra in got["extras_require"].values() for text in extra]
    return [Requirement(text) for text in [*got["install_requires"], *extras, "setuptools<80", "wheel"]]


def applies(requirement: Requirement, python: str) -> bool:
    there = {"python_version": python, "python_full_version": f"{python}.0"}
    return requirement.marker is None or requirement.marker.evaluate(there)


def test_each_line_is_one_version_of_one_package():
    names = [canonicalize_name(Requirement(text).name) for text in lines()]
    assert names == sorted(set(names))
    for text in lines():
        pin = Requirement(text)
        (version,) = pin.specifier
        assert version.operator == "==", text
        assert "*" not in version.version, text
        assert Version(version.version).local is None, f"{text}: one version of torch has several labels"
        assert not pin.extras, text
        assert not pin.url, text


def test_markers_speak_of_pythons_that_we_run_on():
    marked = [pin for pin in PINS.values() if pin.marker]
    assert marked, "numpy's newest needs a newer Python than our oldest"
    for pin in marked:
        assert set(str(pin.marker).split()) - {"python_version", ">="} <= {
            f'"{python}"' for python in PYTHONS
        }
        assert applies(pin, PYTHONS[-1])


@pytest.mark.parametrize("wanted", asked_for(), ids=str)
def test_every_package_that_setup_asks_for_is_there_within_its_bounds(wanted):
    if not any(applies(wanted, python) for python in PYTHONS[1:]):
        return  # for our oldest Python only: setup.py's bounds decide
    pin = PINS[canonicalize_name(wanted.name)]
    (version,) = pin.specifier
    assert version.version in wanted.specifier
    assert wanted.marker is not None or applies(pin, PYTHONS[1])


def test_what_breaks_often_has_an_upper_bound():
    bounded = {canonicalize_name(r.name) for r in asked_for() if any(s.operator == "<" for s in r.specifier)}
    often = {
        "numpy",
        "torch",
        "pin",
        "ruckig",
        "typer",
        "rich",
        "pytest",
        "av",
        "pybullet",
        "matplotlib",
        "mypy",
    }
    assert often <= bounded


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("arguments", "expected"), [((), True), (("CONSTRAINTS=",), False)], ids=["tested", "newest"]
)
def test_make_venv_installs_them_unless_told_otherwise(tmp_path, arguments, expected):
    run = subprocess.run(
        ["make", "--dry-run", "venv", f"VENV={tmp_path / 'venv'}", *arguments],
        cwd=ROOT,
        env=PLAIN,
        capture_output=True,
        text=True,
        check=True,
    )
    installs = [text for text in run.stdout.splitlines() if "/pip install" in text]
    assert len(installs) == 3
    assert [("-c constraints.txt" in text) for text in installs] == [expected] * 3


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_new_versions_make_a_new_venv(tmp_path):
    """With everything else older than the stamp, make looks at the constraints."""
    for name in ("Makefile", "setup.py", "setup.cfg", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
        os.utime(tmp_path / name, (1000, 1000))
    stamp, pip = tmp_path / ".venv" / ".installed", tmp_path / ".venv" / "bin" / "pip"
    pip.parent.mkdir(parents=True)
    for path in (pip, stamp):
        path.touch()
        os.utime(path, (2000, 2000))

    def wanted() -> bool:
        asked = ["make", "--question", "venv"]
        return (
            subprocess.run(asked, cwd=tmp_path, env=PLAIN, check=False, capture_output=True).returncode == 1
        )

    assert not wanted()
    os.utime(tmp_path / "constraints.txt", (3000, 3000))
    assert wanted()
