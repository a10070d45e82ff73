# SPDX-License-Identifier: Apache-2.0
"""What people, and disks, can do to every verb: exit code 2 and one line that says what was wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from command_line import ami_ros_run
from robots import panda_yaml
from small_data import write_episodes
from untrained import untrained_model

from ami_ros.cli import main as command_line
from ami_ros.model.files import read_verified, sidecar
from ami_ros.settings.share import shipped_model

DIGITS = "1" * 23
DEEP = "[" * 3000
LONG = "a" * 5000
OLDER = sys.version_info < (3, 14)  # later Pythons do not say why they cannot look at a path
SHIPPED = str(shipped_model("panda", "reach"))


@pytest.fixture
def refusal(ami_ros_here, monkeypatch, tmp_path):
    """Run the command line in an empty folder and return the one line that it refuses with."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> str:
        done = ami_ros_here(*arguments)
        said = done.stderr.strip()
        assert done.returncode == command_line.FAILED, said
        (line,) = [line for line in said.splitlines() if "%" not in line and ":--" not in line][-1:]
        assert line.startswith("error: ")
        assert "Traceback" not in said
        return line

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evaluate", "--episodes", DIGITS), f"got {DIGITS} episodes"),
        (("evaluate", "--seed", DIGITS), f"from seed {DIGITS}"),
        (("evaluate", "--seed", "-1"), "from seed -1"),
        (("evaluate", "--workers", DIGITS), f"got {DIGITS} workers, expected at least 1 and at most 256"),
        (("evaluate", "--set", "horizon={"), "--set horizon: got '{', expected YAML: line 1"),
        (("evaluate", "--set", f"horizon={DEEP}"), "nested too deeply"),
        (("evaluate", "--set", "horizon={a: 1, a: 2}"), "got key 'a' twice"),
        (("evaluate", "--set", "horizon=2001-99-99"), "month must be in 1..12"),
        (("evaluate", "--set", "horizon=!!python/name:os.system x"), "could not determine a constructor"),
        (("evaluate", "--set", "horizon=1", "--set", "horizon=2"), "expected each key once"),
        (("evaluate", "--set", "horizon"), "expected KEY=VALUE"),
        (("evaluate", "--set", "horizon="), "--set horizon: got no value, expected one after ="),
        (("evaluate", "--set", "horizon= #3"), "--set horizon: got no value"),
        (("evaluate", "--set", "horizon=null"), "horizon: got null"),
        (("evaluate", "--set", "nosuch.key=null"), "unknown keys ['nosuch']; valid keys are ['arrival"),
        (("evaluate", "--set", "nosuch.key="), "--set nosuch.key: got no value"),
        (("evaluate", "--set", "horizn=3"), "did you mean ['horizon']"),
        (("evaluate", "--set", "horizon=010"), "'010' means different things to different YAML readers"),
        (("evaluate", "--set", "horizon=1:30"), "'1:30' means different things to different YAML readers"),
        (("commission", "--set", "goals="), "--set goals: got no value"),
        (("evaluate", "--set", f"seed={DIGITS}"), f"seed: got {DIGITS}, expected a whole number of 64 bits"),
        (("evaluate", "--set", f"solvers.mppi.temperature=1{'0' * 400}"), "expected a finite number"),
        (("evaluate", "--set", "solvers.mppi.temperature=.nan"), "expected a finite number"),
        (("evaluate", "--set", "solver=[cem]"), "solver: got ['cem']"),
        (("evaluate", "--perturb", "smell"), "smell"),
        (("evaluate", "--perturb", "light", "--perturb-scale", "nan"), "nan"),
        (("evaluate", "--robot", LONG), "cannot be read: File name too long"),
        (
            ("evaluate", "--model", LONG),
            "cannot be read: File name too long" if OLDER else "no such model file",
        ),
        (("evaluate", "--json", f"{LONG}/x"), "cannot be written (File name too long)"),
        (("import", "nowhere", "--out", LONG), "cannot be written (File name too long)"),
        (("record", "--out", LONG), "cannot be written (File name too long)"),
        (("explore", "--state", LONG), "cannot be written (File name too long)"),
        (("new-robot", LONG), "not a valid file name" if OLDER else "no such file"),
        (("evaluate", "--robot", "\udcff.yaml"), "\\udcff.yaml: no such file"),
        (("evaluate", "--task", "\udcff"), "unknown task '\\udcff'"),
        (("evaluate", "--task", LONG), "unknown task"),
        (("evaluate", "--task", ""), "unknown task ''"),
        (("evaluate", "--robot", "."), "no such file"),
        (("evaluate", "--model", "."), "no such model file"),
        (("evaluate", "--model", "/dev/null"), "no such model file"),
        (("export-data", "--instruction", " "), "--instruction: got ' ', expected words"),
        (("export-data", "--data", "nowhere"), "nowhere: no episodes"),
        (("import", "nowhere"), "nowhere: not a recording; expected a rosbag2 folder"),
        (("import", "x", "--feature", "camera"), "--feature: got ['camera'], expected NAME=FEATURE, as in "),
        (("demo", "--goals", DIGITS), f"got {DIGITS} episodes"),
        (("demo", "--goal-via", "smell"), "unknown goal kind 'smell'"),
        (("demo", "--planner", "magic"), "solvers: got 'magic'"),
        (("collect", "--episodes", DIGITS), "episodes: got"),
        (("collect", "--seed", DIGITS), "seed: got"),
        (("collect", "--workers", "-1"), "workers: got -1, expected >= 1"),
        (("collect", "--task", "nope"), "unknown task 'nope'"),
        (("import", "nowhere"), "nowhere: not a recording; expected a rosbag2 folder"),
        (("import", LONG), "File name too long" if OLDER else "not a recording"),
        (("import", ".", "--actions", "magic"), "--actions: got 'magic', expected one of auto"),
        (("import", ".", "--topic", "camera"), "got ['camera'], expected NAME=/TOPIC"),
        (("import", ".", "--episode-steps", "1"), "episode_steps: got 1"),
        (("record", "--out", "/dev/null/bag"), "cannot be written (Not a directory)"),
        (("replay", "nowhere"), "nowhere: not a recording"),
        (("replay", ".", "--speed", "nan"), "--speed: got nan"),
        (("train", "--steps", DIGITS), "steps: got"),
        (("train", "--seed", "-1"), "seed: got -1"),
        (("train", "--threads", "0"), "threads: got 0"),
        (("train", "--data", "nowhere"), "nowhere: no episodes"),
        (("train", "--data", "/dev/null"), "/dev/null: no episodes"),
        (("train", "--data", LONG), "File name too long" if OLDER else "no episodes"),
        (("export", "nowhere.pt", "--out", "x.pt"), "no episodes"),
        (("inspect", "nowhere.pt"), "nowhere.pt: no such model file"),
        (("inspect", "."), "no such model file"),
        (("inspect", SHIPPED, "--json", "."), "it is a folder"),
        (("model", "--workers", "0"), "got 0 workers"),
        (("model", "--episodes", DIGITS), f"got {DIGITS} episodes"),
        (("model", "--baseline-episodes", "0"), "got 0 episodes"),
        (("model", "--perturbed-episodes", "-1"), "got -1 episodes"),
        (("bench", "camera", "--size", "0x10"), "image size: got '0x10'"),
        (("bench", "camera", "--size", "99999x99999"), "expected WIDTHxHEIGHT in pixels up to 16384"),
        (("bench", "camera", "--rate", "nan"), "nan Hz"),
        (("bench", "camera", "--seconds", "inf"), "inf s; expected positive numbers"),
        (("bench", "planner", "--budget", "999999x999x999"), "budget: got '999999x999x999', expected"),
        (("bench", "planner", "--plans", "0"), "--plans: got 0, expected 1 to"),
        (("bench", "planner", "--precision", "int3"), "precision: got 'int3', expected one of"),
        (("bench", "faults", "--seeds", DIGITS), f"got {DIGITS} episodes"),
        (("bench", "faults", "--fault", "nope"), "nope"),
        (("bench", "gate", "--robot", "nope"), "nope.yaml: no such file"),
        (("bench", "gate", "--task", "nope"), "unknown task 'nope'"),
        (("bench", "gate", "--model", "nope"), "nope: no such model file"),
        (("bench", "gate", "--seconds", "nan"), "seconds: got nan"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, tuple) else "",
)
def test_arguments(refusal, arguments, message):
    assert message in refusal(*arguments)
    assert list(Path().iterdir()) == []


NOT_TEXT = {
    "binary": b"\xff\xfe\x00\x80" * 9,
    "empty": b"",
    "deep": b"a: " + DEEP.encode(),
    "list": b"[1, 2]",
    "twice": b"source: a\nsource: b\n",
    "unclosed": b"{",
    "types": b"{joint_names: 1}",
}


@pytest.mark.quick("empty", "binary", "types", "twice", "list")
@pytest.mark.parametrize("content", NOT_TEXT.values(), ids=NOT_TEXT)
def test_robot_files(refusal, content):
    Path("r.yaml").write_bytes(content)
    for verb in (["evaluate"], ["collect"], ["train"], ["bench", "gate"]):
        assert "error: r.yaml: " in refusal(*verb, "--robot", "r.yaml")


@pytest.mark.parametrize("key", ["sensors", "actions", "output", "arm", "simulation"])
@pytest.mark.parametrize("value", [3, "x", [1, [2]], {"a": {"b": 1}}, True, [None]], ids=str)
def test_robot_values_of_another_type(refusal, tmp_path, key, value):
    path = panda_yaml(tmp_path, lambda values: values.update({key: value}))
    line = refusal("evaluate", "--robot", path)
    assert str(path) in line
    assert str(tmp_path) in line


@pytest.mark.parametrize(
    "content",
    [b"[1]", b"\xff", b"{", b'{"a": 1, "a": 2}', DEEP.encode(), b"3", b""],
    ids=lambda c: str(c[:9]),
)
def test_manifests(refusal, content):
    Path("data").mkdir()
    Path("data/dataset.json").write_bytes(content)
    assert "data/dataset.json: not a readable manifest" in refusal(
        "collect", "--out", "data", "--episodes", "1"
    )


def test_a_manifest_that_is_a_folder(refusal):
    Path("data/dataset.json").mkdir(parents=True)
    refusal("collect", "--out", "data", "--episodes", "1", "--workers", "1")


@pytest.mark.parametrize(
    "content", [b"[1]", b"\xff", b"{", b'{"collect": "x"}', DEEP.encode()], ids=lambda c: str(c[:9])
)
def test_the_stages_of_an_earlier_run(refusal, content):
    Path("work").mkdir()
    Path("work/stages.json").write_bytes(content)
    assert "work/stages.json: " in refusal("model", "--work", "work", "--out", "out")


@pytest.mark.parametrize("content", [b"", b"PK", b"\xff" * 100, None], ids=["empty", "PK", "binary", "cut"])
def test_episodes(refusal, tmp_path, content):
    paths = write_episodes(tmp_path / "data", 5)
    paths[0].write_bytes(paths[0].read_bytes()[:-50] if content is None else content)
    for verb in (["train"], ["export", "c.pt", "--out", "x.pt"]):
        assert f"data/{paths[0].name}: not a readable episode" in refusal(*verb, "--data", "data")


def signed(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    sidecar(path).write_text(hashlib.sha256(content).hexdigest())
    return path


MODEL_VERBS = (["inspect"], ["evaluate", "--model"], ["demo", "--model"], ["bench", "planner", "--model"])


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"\xff" * 100, Path(SHIPPED).read_bytes()[:-1000]],
    ids=["empty", "PK", "binary", "cut"],
)
def test_model_files(refusal, content):
    path = signed(Path("model.pt"), content)
    for verb in MODEL_VERBS:
        assert "model.pt: not an ami_ros model" in refusal(*verb, path)


@pytest.mark.parametrize(
    "content", [b"[1]", b"{", DEEP.encode(), b'{"a": 1, "a": 2}', b"\xff"], ids=lambda c: str(c[:9])
)
def test_contracts(refusal, content):
    with zipfile.ZipFile("model.pt", "w") as archive:
        archive.writestr("model/extra/contract.json", content)
    path = signed(Path("model.pt"), Path("model.pt").read_bytes())
    for verb in MODEL_VERBS:
        assert "model.pt: " in refusal(*verb, path)


def test_a_model_that_was_not_measured(refusal, tmp_path):
    path = untrained_model(tmp_path, "reach", quality={"open_loop_error": [0.1]})
    assert "contract: quality: got ['open_loop_error'], expected also ['copy_last_error'" in refusal(
        "inspect", path
    )


class Blind(torch.nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


@pytest.mark.slow
def test_a_model_without_observe(refusal):
    contract = read_verified(Path(SHIPPED)).contract()
    files = {"contract.json": contract.to_json()}
    torch.jit.save(torch.jit.script(Blind()), "model.pt", _extra_files=files)
    path = signed(Path("model.pt"), Path("model.pt").read_bytes())
    for how in ([], ["--workers", "2"]):
        line = refusal("evaluate", "--model", path, "--episodes", "2", "--no-baselines", *how)
        assert "got a module without observe" in line


def test_a_contract_that_lies(refusal):
    contract = dataclasses.replace(read_verified(Path(SHIPPED)).contract(), latent_size=3)
    with zipfile.ZipFile(SHIPPED) as old, zipfile.ZipFile("model.pt", "w") as new:
        for item in old.infolist():
            lie = item.filename.endswith("/extra/contract.json")
            new.writestr(item, contract.to_json() if lie else old.read(item))
    path = signed(Path("model.pt"), Path("model.pt").read_bytes())
    line = refusal("evaluate", "--model", path, "--episodes", "1", "--no-baselines")
    assert "which the model rejects" in line


def test_a_contract_of_other_weights(refusal):
    contract = dataclasses.replace(read_verified(Path(SHIPPED)).contract(), weights_sha256="0" * 64)
    with zipfile.ZipFile(SHIPPED) as old, zipfile.ZipFile("model.pt", "w") as new:
        for item in old.infolist():
            lie = item.filename.endswith("/extra/contract.json")
            new.writestr(item, contract.to_json() if lie else old.read(item))
    path = signed(Path("model.pt"), Path("model.pt").read_bytes())
    line = refusal("evaluate", "--model", path, "--episodes", "1", "--no-baselines")
    assert "the contract contradicts the model: weights_sha256: model " in line


def test_a_model_of_another_task(refusal):
    folder = Path("models")
    shutil.copytree(Path(SHIPPED).parent, folder)
    contract = dataclasses.replace(read_verified(Path(SHIPPED)).contract(), task="pull")
    with zipfile.ZipFile(SHIPPED) as old, zipfile.ZipFile(folder / "model.pt", "w") as new:
        for item in old.infolist():
            lie = item.filename.endswith("/extra/contract.json")
            new.writestr(item, contract.to_json() if lie else old.read(item))
    path = signed(folder / "model.pt", (folder / "model.pt").read_bytes())
    assert "made for task 'pull', expected 'reach'" in refusal("evaluate", "--model", path)


@pytest.mark.quick("KeyError*", "OSError*")
@pytest.mark.parametrize(
    "error",
    [
        "OSError(28, 'No space left on device', 'x.json')",
        "RecursionError()",
        "MemoryError()",
        "OverflowError('too large')",
        "KeyError('observe')",
        "RuntimeError('one\\ntwo')",
    ],
)
def test_what_nobody_foresaw_is_a_line_too_and_a_traceback_if_asked_for(error):
    code = (
        "import ami_ros.model.files as files\nfrom ami_ros.cli.main import main\n"
        f"def fail(path): raise {error}\nfiles.read_verified = fail\nmain()"
    )
    run = ami_ros_run("inspect", "x", code=code)
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 1)
    assert run.stderr.startswith("error: ")
    assert "--debug" in run.stderr
    assert "Traceback" in ami_ros_run("--debug", "inspect", "x", code=code).stderr
