# SPDX-License-Identifier: Apache-2.0
"""What documents tell a reader to follow is there: links, verbs with their options, launch arguments, targets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ami_ros.cli.main import VERBS
from ami_ros.launching.arguments import NODES, arguments
from benchmarks.__main__ import app
from generate import verbs

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
DOCUMENTS += sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "models").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IDS = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
OF_ROS = {"--ros-args", "-r", "-p"}


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#{1,4} (.+)$", FENCE.sub("", path.read_text()), re.MULTILINE)
    words = (re.sub(r"[^\w\s-]", "", title.replace("`", "").strip().lower()) for title in titles)
    return {re.sub(r"[-\s]+", "-", word) for word in words}


def commands(path: Path) -> Iterator[str]:
    """Yield every command line of a document: of its blocks for a shell, and those in the text."""
    text = path.read_text()
    for language, block in FENCE.findall(text):
        if language in ("", "bash"):
            yield from re.sub(r" +#.*", "", block.replace("\\\n", "")).splitlines()
    yield from re.findall(
        r"`((?:ami-ros|make|ros2 launch|python -m benchmarks) [^`\n]+)`", FENCE.sub("", text)
    )


def words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a part of a line
        return line.split()


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_each_link_leads_to_a_file_and_a_title_that_is_there(path):
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", path.read_text())):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not re.match(r"[a-z]+:", link) and not (
            target.exists() and (not anchor or anchor in anchors(target))
        ):
            lost.append(link)
    assert lost == []


def options(found: Iterable[tuple[str, Any]]) -> dict[str, set[str]]:
    """Return the options of each verb."""
    usual = {"--help", "-h", "--debug", "--version"}
    return {
        name: usual.union(*((*it.opts, *it.secondary_opts) for it in command.params))
        for name, command in found
    }


@pytest.mark.parametrize(
    ("program", "known", "least"),
    [
        ("ami-ros", [found for verb in VERBS for found in verbs.commands_of(verb)], 20),
        ("python -m benchmarks", get_command(app).commands.items(), 3),
    ],
)
def test_each_verb_and_option_in_a_document_is_one(program, known, least):
    known = options(known)
    wrong, seen = [], set()
    for path in DOCUMENTS:
        for line in commands(path):
            _, found, rest = f" {line}".partition(f" {program} ")
            given = words(rest)
            if not found or not given or not given[0].islower():
                continue
            name = next((name for name in (" ".join(given[:2]), given[0]) if name in known), None)
            if name is None:
                group = given[0] in VERBS and (len(given) == 1 or given[1].startswith("-"))
                wrong += [] if group or given[0].startswith("-") else [f"{path.name}: {line}"]
                continue
            seen.add(name)
            asked = [word.partition("=")[0] for word in given if re.match(r"--?[a-z]", word)]
            wrong += [f"{path.name}: {line}: {one}" for one in asked if one not in known[name] | OF_ROS]
    assert wrong == []
    assert len(seen) >= least


def test_each_launch_argument_and_target_in_a_document_is_one():
    known = {argument.name for argument in arguments(*NODES)}
    for file in (ROOT / "launch").glob("*.launch.py"):
        known |= set(re.findall(r'Argument\(\s*"(\w+)"', file.read_text()))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    wrong = []
    for path in DOCUMENTS:
        for line in commands(path):
            if "ros2 launch ami_ros" in line:
                wrong += [f"{path.name}: {one}" for one in re.findall(r" (\w+):=", line) if one not in known]
            for one in re.findall(r"(?:^|&& |\s)make ([a-z-]+)", line):
                wrong += [] if one in targets else [f"{path.name}: make {one}"]
    assert wrong == []
