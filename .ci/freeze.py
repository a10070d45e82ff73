# SPDX-License-Identifier: Apache-2.0
"""Print constraints.txt: the installed versions of what setup.py asks for, and of what that asks for.

`make freeze` runs this in .venv, after `make test`. A version that needs a newer Python than our oldest holds
for that Python only; on older ones setup.py's own bounds decide. Local labels (+cpu) are left out: the same
version of torch has several. What is not installed, as the extra bench, keeps its old line.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

OLDEST, NEWEST = 10, 14  # Python 3.x
BUILD = ("setuptools", "wheel")  # what the Makefile installs first
HEAD = """\
# The versions that ami_ros was tested with: `make venv` installs these, `make venv CONSTRAINTS=` the newest
# that setup.py allows. Made by `make freeze`, not by hand: see CONTRIBUTING.md.
"""


def closure(names: list[str]) -> dict[str, str]:
    """Return version by name of `names`, and of everything installed that they need."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        wanted = Requirement(waiting.pop())
        name = canonicalize_name(wanted.name)
        if name in found and not wanted.extras:
            continue
        try:
            installed = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = installed.version.partition("+")[0]
        for text in installed.requires or []:
            below = Requirement(text)
            environments = [{"extra": extra} for extra in ("", *wanted.extras)]
            if below.marker is None or any(below.marker.evaluate(e) for e in environments):
                waiting.append(text)
    return found


def line(name: str, version: str) -> str:
    """Return the constraint, with the Pythons that it holds for if these are not all of ours."""
    allowed = SpecifierSet(metadata.distribution(name).metadata["Requires-Python"] or "")
    minors = [minor for minor in range(OLDEST, NEWEST + 1) if f"3.{minor}.99" in allowed]
    marker = f' ; python_version >= "3.{minors[0]}"' if minors and minors[0] > OLDEST else ""
    return f"{name}=={version}{marker}"


def main() -> None:
    """Print constraints.txt; argv[1] names the old one."""
    ours = [f"ami_ros[{','.join(metadata.metadata('ami_ros').get_all('Provides-Extra') or [])}]", *BUILD]
    found = closure(ours)
    lines = {name: line(name, version) for name, version in found.items() if name != "ami-ros"}
    for text in Path(sys.argv[1]).read_text().splitlines() if len(sys.argv) > 1 else []:
        if match := re.match(r"([a-z0-9-]+)==", text):
            lines.setdefault(match[1], text)
    print(HEAD + "\n".join(lines[name] for name in sorted(lines)))


if __name__ == "__main__":
    main()
