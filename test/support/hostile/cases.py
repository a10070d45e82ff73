# SPDX-License-Identifier: Apache-2.0
"""Everything that is read, hostile: by kind and number, each the same again for the same number."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from lerobot_data import MADE
from lerobot_old import write_old
from memories import MODEL, moment
from recorded import SIDE, STEPS, TRUST, imported
from small_data import write_episodes

from ami_ros.episodes.episode import list_episodes, read_episode
from ami_ros.errors import AmiError
from ami_ros.memory.moment import Episode
from ami_ros.memory.store import Store
from ami_ros.settings.fields import read_yaml
from ami_ros.settings.share import config_path, shipped_model
from hostile import bombs
from hostile.mutations import TEXTS, bytes_of, json_of, one_file, something_else, text_of
from hostile.recordings import SPOILS, Random, judged, recording
from hostile.sandbox import BrokenPromiseError

Case = Callable[[Random, Path], None]
FRONT = {"camera": "observation.images.front"}
WRIST = {"camera": "observation.images.wrist"}
CONTROL = {*range(0x20), 0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {9, 10}


def _refuse(work: Callable[[], Any]) -> None:
    """Let something be read, or refused in a sentence."""
    try:
        work()
    except AmiError as error:
        str(error).encode()  # what is printed can be printed


def cli(*arguments: str) -> None:
    """Run `ami-ros` and look at what it prints and how it ends."""
    from ami_ros.cli.main import main

    printed = io.StringIO()
    sys.argv = ["ami-ros", *arguments]
    code: Any = 0
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code
    text = printed.getvalue()
    if code not in (0, None, 1, 2):
        raise BrokenPromiseError(f"{arguments}: ended with {code}: {text[-1000:]}")
    if "Traceback" in text or "--debug" in text:
        raise BrokenPromiseError(f"{arguments}: {text[-2000:]}")
    if obeyed := sorted({hex(ord(sign)) for sign in text if ord(sign) in CONTROL}):
        raise BrokenPromiseError(f"{arguments}: printed {obeyed}: {text[-500:]!r}")


def spoiled_recording(name: str, generator: Random, folder: Path) -> None:
    if untrue := judged(name, generator, folder):
        raise BrokenPromiseError(untrue)


def damaged_bag(generator: Random, folder: Path) -> None:
    """A bag of any kind with bytes that are wrong."""
    script = recording(generator, 3.0)
    compression = str(generator.choice(["zstd", "lz4", "none"]))
    bag = script.write(folder / "bag", compression)
    if generator.random() < 0.5:
        bag = _as_sqlite(script, folder)
    if generator.random() < 0.15:
        import zstandard

        for path in [*bag.glob("*.mcap"), *bag.glob("*.db3")]:
            path.with_name(f"{path.name}.zstd").write_bytes(zstandard.compress(path.read_bytes()))
            path.unlink()
    one_file(generator, bag)
    _refuse(lambda: imported(bag, folder / "data"))


def _as_sqlite(script: Any, folder: Path) -> Path:
    from rosbags.rosbag2 import StoragePlugin, Writer

    from ami_ros.recordings.bags.bag_topic import types

    path = folder / "sqlite"
    with Writer(path, version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        known: dict[str, Any] = {}
        for topic, kind, log_ns, data in script.messages():
            if topic not in known:
                known[topic] = writer.add_connection(topic, kind, typestore=types())
            writer.write(known[topic], log_ns, data)
    return path


def bag_bomb(generator: Random, folder: Path) -> None:
    """A small bag that would become gigabytes."""
    make = bombs.BAG_BOMBS[int(generator.integers(len(bombs.BAG_BOMBS)))]
    path = make(generator, folder)
    topics = {"camera": bombs.TOPIC, "joints": bombs.TOPIC}
    _refuse(lambda: imported(path, folder / "data", topics=topics))


def lerobot(generator: Random, folder: Path) -> None:
    """A LeRobotDataset with a file that is wrong; whatever comes of it is true, or reported."""
    path = folder / str(generator.choice(["set", "a:b", "[set]", "ä b"]))
    shutil.copytree(MADE, path)
    files = sorted(p for p in path.rglob("*") if p.is_file())
    file = files[int(generator.integers(len(files)))]
    if generator.random() < 0.05:
        something_else(generator, file)
    elif file.suffix == ".json":
        file.write_bytes(json_of(generator, file.read_bytes()))
    elif file.suffix == ".parquet" and generator.random() < 0.7:
        _spoil_table(generator, file)
    else:
        file.write_bytes(bytes_of(generator, file.read_bytes()))
    features = WRIST if generator.random() < 0.5 else FRONT
    report: Any = None

    def work() -> None:
        nonlocal report
        report, episodes = imported(path, folder / "data", features=features)
        said = [*report.problems, *(h.reason for h in report.topics.values() if h.reason)]
        if not said:
            _compare(episodes, features)

    _refuse(work)


def lerobot_old(generator: Random, folder: Path) -> None:
    """A data set of v2.1, of which new-robot makes a robot; whatever comes of it is used, or reported."""
    from ami_ros.body.robot_spec import load_robot
    from ami_ros.recordings.importing.importing import Import, ImportSettings
    from ami_ros.recordings.lerobot.proposed_robot import proposed_robot
    from ami_ros.recordings.lerobot.robot_survey import survey_dataset

    path, robot = write_old(folder / "set"), folder / "mine.yaml"
    files = sorted(p for p in path.rglob("*") if p.is_file())
    told = [file for file in files if file.parent.name == "meta"]
    file = (told if generator.random() < 0.5 else files)[int(generator.integers(2))]
    spoil = json_of if file.suffix == ".json" and generator.random() < 0.8 else bytes_of
    file.write_bytes(spoil(generator, file.read_bytes()))

    def work() -> None:
        robot.write_text(proposed_robot("mine", path, survey_dataset(path)))
        work = Import(load_robot(robot), [path], ImportSettings(SIDE, STEPS, TRUST))
        work.read()
        work.cut()

    _refuse(work)


def _spoil_table(generator: Random, file: Path) -> None:
    """Change a cell of a table, double a row, or swap two."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    rows = table.to_pylist()
    what, at = generator.random(), int(generator.integers(len(rows)))
    names = [name for name in table.column_names if not name.startswith("stats/")]
    name = names[int(generator.integers(len(names)))]
    if what < 0.2:
        rows.append(rows[at])
    elif what < 0.4 and len(rows) > 1:
        other = int(generator.integers(len(rows)))
        rows[at] = {**rows[at], name: rows[other][name]}
    else:
        old = rows[at][name]
        if isinstance(old, (int, float)):
            values = [0, -1, 1, 10**6, 2**40, old + 1, float("nan"), float("inf"), 1e300, None]
            rows[at] = {**rows[at], name: values[int(generator.integers(len(values)))]}
        elif isinstance(old, str):
            rows[at] = {**rows[at], name: str(generator.choice(TEXTS[:-4]))}
        elif isinstance(old, list) and old:
            rows[at] = {**rows[at], name: [None, *old[1:]] if generator.random() < 0.5 else old[:-1]}
    try:
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, OverflowError, UnicodeError):
        try:
            pq.write_table(pa.Table.from_pylist(rows), file)  # the column gets another type
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, OverflowError, UnicodeError):
            file.write_bytes(bytes_of(generator, file.read_bytes()))


@cache
def _whole(feature: str) -> tuple[Any, ...]:
    """Return the episodes of the data set as lerobot wrote it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return tuple(imported(MADE, Path(folder, "data"), features={"camera": feature})[1])


def _compare(episodes: list[Any], features: dict[str, str]) -> None:
    """Raise BrokenPromiseError if an episode is none of the whole data set's."""
    for number, found in enumerate(episodes):
        apart = [
            max(
                np.abs(found.vectors["joints"] - true.vectors["joints"]).max(),
                np.abs(found.images["camera"].astype(int) - true.images["camera"]).max() / 100.0,
                np.abs(found.actions - true.actions).max(),
            )
            for true in _whole(features["camera"])
            if found.actions.shape == true.actions.shape
        ]
        if not apart or min(apart) > 0.05:
            raise BrokenPromiseError(
                f"episode {number} is as none that was recorded ({apart}), and nothing is said"
            )


def memory(generator: Random, folder: Path) -> None:
    """A memory with bytes that are wrong, names of all kinds, and code of its own."""
    path = folder / "robot.sqlite"
    store = Store(path)
    number = store.begin(Episode("reach", str(generator.choice(["cup", TEXTS[0], TEXTS[1]]))))
    ids = store.append([(number, moment(at)) for at in range(4)], MODEL)
    for at in ids[:2]:
        _refuse(lambda at=at: store.name(str(generator.choice(TEXTS[:6])), at))  # type: ignore[misc]
    store.close()
    what = generator.random()
    if what < 0.5:
        path.write_bytes(bytes_of(generator, path.read_bytes()))
    elif what < 0.9:
        _with_statement(generator, path)
    else:
        something_else(generator, path)
    arguments = [["list"], ["show"], ["export", "files"], ["stats"], ["forget", "1", "--yes"]]
    verb, *more = arguments[int(generator.integers(len(arguments)))]
    cli("memory", verb, *more, "--file", str(path))


def _with_statement(generator: Random, path: Path) -> None:
    import sqlite3
    from contextlib import closing

    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT {} FROM c"
    statements = (
        f"ALTER TABLE names RENAME TO old; CREATE VIEW names (name, moment) AS {endless.format('n, 1')}",
        f"ALTER TABLE episodes RENAME TO old; CREATE VIEW episodes AS {endless.format('n, n, n, n')}",
        "CREATE TRIGGER t AFTER DELETE ON moments BEGIN DELETE FROM names; END",
        "UPDATE images SET png = zeroblob(300000000) WHERE rowid = 1",
        "UPDATE states SET state = zeroblob(300000000) WHERE moment = 1",
        "UPDATE moments SET verdict = hex(zeroblob(100000000)) WHERE id = 1",
        "INSERT OR REPLACE INTO names SELECT hex(zeroblob(500000)), id FROM moments LIMIT 1",
        "UPDATE moments SET distance = 'far', surprise = 9e999, stamp_ns = 'now'",
        "UPDATE episodes SET task = x'ff00', goal = NULL",
        "UPDATE vectors SET measured = x'00'",
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 1",
        "CREATE TABLE other (a)",
        "DROP TABLE states",
    )
    statement = statements[int(generator.integers(len(statements)))]
    with closing(sqlite3.connect(path)) as database:
        try:
            database.executescript(statement)
        except sqlite3.Error:
            path.write_bytes(bytes_of(generator, path.read_bytes()))


def npz(generator: Random, folder: Path) -> None:
    """Episodes with bytes that are wrong, and one that would become gigabytes."""
    paths = write_episodes(folder / "data", 2)
    if generator.random() < 0.1:
        bombs.npz(generator, paths[0])
    else:
        one_file(generator, folder / "data")

    def work() -> None:
        for path in list_episodes(folder / "data"):
            _refuse(lambda path=path: read_episode(path))  # type: ignore[misc]

    _refuse(work)


def robot_yaml(generator: Random, folder: Path) -> None:
    """A robot's YAML with a value, a line or bytes changed."""
    from ami_ros.body.robot_spec import load_robot

    names = sorted(path.name for path in config_path("robots").glob("*.yaml"))
    text = config_path("robots", names[int(generator.integers(len(names)))]).read_text()
    path = folder / "robot.yaml"
    path.write_bytes(text_of(generator, text))
    if generator.random() < 0.03:
        something_else(generator, path)
    _refuse(lambda: load_robot(str(path)))


def settings_yaml(generator: Random, folder: Path) -> None:
    """Settings of a task or a node with a value, a line or bytes changed."""
    files = sorted(config_path("tasks").glob("*.yaml"))
    path = folder / "task.yaml"
    path.write_bytes(text_of(generator, files[int(generator.integers(len(files)))].read_text()))
    _refuse(lambda: read_yaml(path))


def urdf(generator: Random, folder: Path) -> None:
    """A URDF with a value, a line or bytes changed, or with more links than anybody reads."""
    from robots import joint, link
    from robots import urdf as write_urdf

    from ami_ros.body.survey.survey import survey

    count = int(generator.choice([3, 3, 3, 7, 20_000]))
    parts = [link(f"l{at}") for at in range(count + 1)]
    parts += [joint(f"j{at}", f"l{at}", f"l{at + 1}") for at in range(count)]
    path = write_urdf(folder, *parts)
    if count < 100:
        path.write_bytes(text_of(generator, path.read_text()))
    _refuse(lambda: survey(path, "", generator))


def model(generator: Random, folder: Path) -> None:
    """A model with bytes that are wrong."""
    from ami_ros.body.robot_spec import load_robot
    from ami_ros.model.runtime import load_model

    source = shipped_model("panda", "reach").parent
    for name in ("model.pt", "model.pt.sha256"):
        shutil.copy(source / name, folder / name)
    path = folder / str(generator.choice(["model.pt", "model.pt.sha256"]))
    if generator.random() < 0.2:
        something_else(generator, path)
    else:
        path.write_bytes(bytes_of(generator, path.read_bytes()))
    _refuse(lambda: load_model(folder / "model.pt", load_robot("panda")))


def picture(generator: Random, folder: Path) -> None:
    """A PNG or JPEG with bytes that are wrong."""
    import cv2

    from ami_ros.recordings.decoding import decoded

    pixels = generator.integers(0, 256, (40, 48, 3), dtype=np.uint8)
    data = cv2.imencode(str(generator.choice([".png", ".jpg"])), pixels)[1].tobytes()
    for _ in range(20):
        spoiled = bytes_of(generator, data)
        _refuse(lambda spoiled=spoiled: decoded(spoiled, 2**22))  # type: ignore[misc]


def arguments(generator: Random, folder: Path) -> None:
    """What is typed: names, paths and settings of all kinds."""
    text = str(generator.choice(TEXTS)).replace("\0", "")
    key = str(generator.choice(["num_samples", "nosuch.key", "", "=", "horizon"]))
    lines = (
        ["inspect", text],
        ["memory", "list", "--file", text],
        ["import", text, "--out", "data"],
        ["import", "nowhere", "--robot", text],
        ["evaluate", "--set", f"{key}={text}", "--episodes", "1", "--task", "nosuch"],
        ["collect", "--robot", text],
        ["new-robot", text],
        ["export-data", "--data", text],
    )
    cli(*lines[int(generator.integers(len(lines)))])


CASES: dict[str, Case] = {
    **{f"recording_{name}": partial(spoiled_recording, name) for name in SPOILS},
    **{
        case.__name__: case
        for case in (
            *(damaged_bag, bag_bomb, lerobot, lerobot_old, memory, npz, robot_yaml, settings_yaml),
            *(urdf, model, picture, arguments),
        )
    },
}


def generator_of(kind: str, seed: int) -> Random:
    """Return the random numbers of a case."""
    return np.random.default_rng([seed, *kind.encode()])


def preload(kinds: Iterable[str]) -> None:
    """Import what the cases need, before processes are forked: each would do it again."""

    if {"npz", "bag_bomb"} & set(kinds):
        bombs.prepare()
