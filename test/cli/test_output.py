# SPDX-License-Identifier: Apache-2.0
"""What is printed, and whose reader has gone, or whose disk is full: files first, and never a traceback."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import warm
from child_environment import child_environment
from command import PLAIN
from memories import MODEL, moment

from ami_ros.cli.output import CLOSED
from ami_ros.memory.moment import Episode
from ami_ros.memory.store import Store
from ami_ros.model.files import read_verified, sidecar
from ami_ros.settings.share import shipped_model

SHIPPED = str(shipped_model("panda", "reach"))


@pytest.fixture
def memory(tmp_path):
    path = tmp_path / "memory.sqlite"
    with Store(path) as store:
        store.append([(store.begin(Episode("reach", "cup", "arrived")), moment(1))], MODEL)
    return str(path)


def run(*arguments: str, stdout: int, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ami_ros.cli.main", *arguments]
    return warm.run(command, 120.0, env=child_environment(**PLAIN), stdout=stdout, stderr=stderr)


@pytest.fixture
def nobody_reads():
    """Return a pipe that nobody reads: the second line of `| head -1`."""
    reads, writes = os.pipe()
    os.close(reads)
    yield writes
    os.close(writes)


@pytest.fixture
def full():
    file = os.open("/dev/full", os.O_WRONLY)
    yield file
    os.close(file)


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("inspect", SHIPPED)], ids=lambda a: a[0])
def test_a_pipe_that_nobody_reads_ends_a_verb_without_a_word(arguments, nobody_reads):
    done = run(*arguments, stdout=nobody_reads)
    assert (done.returncode, done.stderr) == (CLOSED, "")


@pytest.mark.parametrize("arguments", [("--version",), ("inspect", SHIPPED)], ids=lambda a: a[0])
def test_a_full_disk_behind_it_is_told(arguments, full):
    done = run(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard output: cannot be written (No space left on device)")
    assert len(done.stderr.splitlines()) == 1


def test_notes_that_nobody_sees_end_no_work(nobody_reads, full, tmp_path):
    file = tmp_path / "figures.json"
    for stderr in (nobody_reads, full):
        done = run("memory", "list", "--file", "nowhere", stdout=subprocess.PIPE, stderr=stderr)
        assert done.returncode == 2
        done = run("inspect", SHIPPED, "--json", str(file), stdout=subprocess.PIPE, stderr=stderr)
        assert done.returncode == 0 and json.loads(file.read_text())["sha256"] in done.stdout


@pytest.mark.parametrize("verb", ["inspect", "memory stats", "memory show"])
@pytest.mark.parametrize("where", ["nobody_reads", "full"])
def test_files_are_written_before_anything_is_printed(verb, where, memory, tmp_path, request):
    file = tmp_path / "figures"
    arguments = {
        "inspect": [SHIPPED, "--json"],
        "memory stats": ["--file", memory, "--json"],
        "memory show": ["--episode", "1", "--file", memory, "--out"],
    }[verb]
    done = run(*verb.split(), *arguments, str(file), stdout=request.getfixturevalue(where))
    assert done.returncode == (CLOSED if where == "nobody_reads" else 2), done.stderr
    assert file.stat().st_size > 0 and "Traceback" not in done.stderr


def test_a_terminal_that_knows_few_letters_shows_the_others_by_number(tmp_path):
    code = "from ami_ros.system.terminal import say; from ami_ros.cli.output import told_output\n"
    code += "with told_output(): say('\\xb1 1 \\u673a')"
    environment = child_environment(**PLAIN, PYTHONIOENCODING="iso8859-1")
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"\xb1 1 \\u673a\n")


@pytest.mark.parametrize("argument", ["--\x1b[31m", "\x1b[31m", "\udcff"])
@pytest.mark.parametrize("verb", [(), ("evaluate",), ("bench",)], ids=str)
def test_what_was_typed_is_refused_without_obeying_it(verb, argument, ami_ros_here):
    done = ami_ros_here(*verb, argument)
    assert done.returncode == 2
    assert (argument.encode("unicode_escape").decode() in done.stderr) and "\x1b" not in done.stderr


def test_an_error_quotes_names_and_obeys_none(ami_ros_here, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("hostile\x1b[2J\nerror: none.yaml").write_text("a: 1")
    done = ami_ros_here("evaluate", "--robot", "no.yaml")
    assert done.returncode == 2 and "\x1b" not in done.stderr and len(done.stderr.splitlines()) == 1
    done = ami_ros_here("evaluate", "--robot", "hostile\x1b[2J\nerror: none.yaml")
    first, second = done.stderr.splitlines()
    assert first == "error: hostile\\x1b[2J" and second.startswith("  error: none.yaml: ")


NAMES = ["tray [left]", "tray [right]", "[/ok]", ":cat:"]


def test_names_in_a_memory_are_listed_as_they_are(memory, ami_ros_here):
    for name in NAMES:
        with Store(Path(memory)) as store:
            store.name(name, 1)
    said = ami_ros_here("memory", "list", "--file", memory)
    assert said.returncode == 0, said.stderr
    assert [name for name in NAMES if f" {name} " not in said.stdout] == []


def test_a_contract_cannot_say_that_another_file_was_verified(tmp_path, ami_ros_here):
    lie = f"1\n/robot/model.pt  sha256 {'0' * 64} (verified)\x1b[1A"
    contract = dataclasses.replace(
        read_verified(Path(SHIPPED)).contract(), code_version=lie, task=f"[/ok]{lie}"
    )
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(SHIPPED) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            is_contract = item.filename.endswith("/extra/contract.json")
            new.writestr(item, contract.to_json() if is_contract else old.read(item))
    sidecar(path).write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    done = ami_ros_here("inspect", path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("/robot")]
