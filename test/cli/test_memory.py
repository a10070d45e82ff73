# SPDX-License-Identifier: Apache-2.0
"""`ami-ros memory`, as people type it."""

from __future__ import annotations

import json
import sqlite3

import cv2
import numpy as np
import pytest
from command_line import ami_ros_run
from hostile_database import ENDLESS, changed
from memories import MODEL, moment
from untrained import untrained_model

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.memory import MOST_LISTED
from ami_ros.episodes.episode import EpisodeRecord, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.memory.moment import Episode
from ami_ros.memory.reader import MemoryReader
from ami_ros.memory.store import Store
from ami_ros.model.files import read_verified
from ami_ros.settings.share import data_home

SPEC = load_robot("panda")
SIDE = 64


def seen(number: int, state: bool = True):
    """A moment of a Panda."""
    random = np.random.default_rng(number)
    image = random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    joints = np.concatenate([SPEC.home, np.zeros(7)]).astype(np.float32)
    changes = {"images": {"camera": image}, "vectors": {"joints": joints}}
    return moment(number, **changes, **({} if state else {"state": None}))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "panda.sqlite"
    with Store(path) as store:
        reach, push = store.begin(Episode("reach", "cup", "arrived")), store.begin(Episode("push"))
        ids = store.append([(reach, seen(number)) for number in range(12)], MODEL)
        store.append([(push, seen(99))], MODEL)
        store.name("home", ids[0])
        store.name("cup on the left", ids[7])
    return path


def ran(*arguments: object, **environment: str) -> str:
    done = ami_ros_run("memory", *map(str, arguments), **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(*arguments: object) -> str:
    done = ami_ros_run("memory", *map(str, arguments))
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    return " ".join(done.stderr.split())


def test_stats_say_how_much_and_where(path, tmp_path):
    said = ran("stats", "--file", path, "--json", tmp_path / "figures.json")
    assert str(path) in said.replace("\n", "") or "panda.sqlite" in said
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["episodes"], figures["moments"], figures["names"]) == (2, 13, 2)
    assert figures["states"] == {MODEL: 13}


def test_the_robots_own_memory_is_where_the_user_keeps_data(path, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    own = data_home() / "memory" / "panda.sqlite"
    own.parent.mkdir(parents=True)
    path.rename(own)
    assert "cup on the left" in ran("list", "--robot", "panda")
    assert "no such memory" in refused("list", "--robot", "kuka_iiwa")


def test_list_shows_names_and_episodes(path):
    said = ran("list", "--file", path)
    assert "cup on the left" in said and "home" in said and "arrived" in said and "push" in said


def test_show_draws_what_was_asked_for(path, tmp_path):
    out = tmp_path / "sheet.png"
    assert "2 moments" in ran("show", "--file", path, "--out", out)
    assert cv2.imread(str(out)) is not None
    said = ran("show", "--file", path, "--episode", 1, "--out", out)
    assert "12 moments" in said
    way = cv2.imread(str(tmp_path / "sheet_way.png"))
    assert way is not None and way.std() > 5.0
    assert "1 moments" in ran("show", "home", "--file", path, "--out", out)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "hme"], "got name 'hme', expected one of: cup on the left, home"),
        (["show", "4444"], "got moments [4444]"),
        (["show", "--episode", "77"], "no episode 77; there are [1, 2]"),
        (["show", "home", "--episode", "1"], "got both of NAMES and --episode"),
        (["forget", "--yes"], "got neither of NAMES and --episode"),
        (["remember", "x", "4444"], "no moment 4444"),
        (["remember", "7", "3"], "got '7', expected a name of 1 to"),
        (["show", "9" * 30], "got a number that is too large"),
        (["show", "9" * 5000], "got name"),
    ],
)
def test_what_is_not_there_is_told(path, arguments, says):
    assert says in refused(*arguments, "--file", path)


def test_names_are_given_and_moments_forgotten(path):
    ran("remember", "tray", 3, "--file", path)
    with MemoryReader(path) as reader:
        assert reader.named("tray").id == 3
    asked = ami_ros_run("memory", "forget", "tray", "--file", str(path))
    assert asked.returncode != 0, "without --yes it asks, and nobody says yes"
    ran("forget", "tray", "--yes", "--file", path)
    ran("forget", "--episode", 2, "--yes", "--file", path)
    with MemoryReader(path) as reader:
        assert len(reader.ids()) == 11 and list(reader.names()) == ["cup on the left", "home"]
    ran("forget", "--everything", "--yes", "--file", path)
    with MemoryReader(path) as reader:
        assert reader.ids() == []


def test_a_name_of_digits_from_before_is_the_name(path):
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO names VALUES ('2', 9)")
    ran("forget", "2", "3", "--yes", "--file", path)
    with MemoryReader(path) as reader:
        assert not {3, 9} & set(reader.ids()) and 2 in reader.ids()


def test_list_shows_no_more_names_than_anybody_reads(path):
    with sqlite3.connect(path) as database:
        names = [(f"place {number:04d}", 1) for number in range(MOST_LISTED + 10)]
        database.executemany("INSERT INTO names VALUES (?, ?)", names)
    said = ran("list", "--file", path)
    assert "place 0997" in said and "place 0998" not in said and "and 12 more" in said


def test_a_memory_that_has_more_in_it_than_data_is_refused(path):
    endless = ENDLESS.format("'n' || n AS name, 1 AS moment")
    changed(path, f"DROP TABLE names; CREATE VIEW names AS {endless}")
    for arguments in (["list"], ["remember", "here", "3"]):
        assert "got view 'names', made with" in refused(*arguments, "--file", path)


def test_a_new_model_sees_the_kept_pictures_again(path, tmp_path):
    model = untrained_model(tmp_path, "reach")
    said = ran("reindex", "--file", path, "--model", model, "--task", "reach")
    assert "12 states are new, 12 of other models were removed" in said
    sha256 = read_verified(model).sha256
    with MemoryReader(path) as reader:
        assert reader.figures().states == {MODEL: 1, sha256: 12}, "those of another task stay"
    assert "0 states are new" in ran("reindex", "--file", path, "--model", model, "--task", "reach")


def test_export_writes_what_other_programs_read(path, tmp_path):
    out = tmp_path / "files"
    assert "13 moments" in ran("export", out, "--file", path)
    lines = [json.loads(line) for line in (out / "moments.jsonl").read_text().splitlines()]
    assert len(lines) == 13 and lines[0]["names"] == ["home"] and lines[0]["task"] == "reach"
    image = cv2.cvtColor(cv2.imread(str(out / lines[3]["images"]["camera"])), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(image, seen(3).images["camera"])
    assert "expected a new or an empty folder" in refused("export", out, "--file", path)


def recorded(folder, number: int) -> None:
    """Write an episode of a Panda that moves a little."""
    random, steps = np.random.default_rng(number), 8
    joints = np.tile(np.concatenate([SPEC.home, np.zeros(7)]), (steps + 1, 1)).astype(np.float32)
    record = EpisodeRecord(
        images={"camera": random.integers(0, 256, (steps + 1, SIDE, SIDE, 3), dtype=np.uint8)},
        vectors={"joints": joints},
        actions=random.uniform(-0.4, 0.4, (steps, 3)).astype(np.float32),
        truth={},
        look=np.asarray(0, dtype=np.int64),
        body=recorded_body(SPEC),
    )
    write_episode(folder / f"episode_{number:06d}.npz", record)


def test_recorded_episodes_become_memories(tmp_path):
    for number in range(3):
        recorded(tmp_path, number)
    model, file = untrained_model(tmp_path, "reach"), tmp_path / "new.sqlite"
    arguments = ("learn", "--data", tmp_path, "--model", model, "--task", "reach", "--file", file)
    assert "of 2 episodes are new" in ran(*arguments, "--most", 2)
    with MemoryReader(file) as reader:
        assert [episode.goal for episode in reader.episodes().values()] == [
            "episode_000000",
            "episode_000001",
        ]
        moments = reader.moments(reader.ids())
        block = SPEC.action_block
        assert len(moments) == 2 * (8 // block + 1)
        assert moments[0].moment.action.shape == (3 * block,) and moments[8 // block].moment.action is None
        assert len(reader.states(read_verified(model).sha256, "reach")[0]) == len(moments)
    assert "run `ami-ros collect` first" in refused("learn", "--data", tmp_path / "no", "--file", file)
