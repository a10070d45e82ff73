# SPDX-License-Identifier: Apache-2.0
"""A Parquet file of some kilobytes never becomes more than what a data set of its size can be."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import pyarrow as pa
import pyarrow.parquet as pq
from limited import limited

from ami_ros.recordings.lerobot import parquet_input
from ami_ros.recordings.lerobot.parquet_input import LEAST_ROW_BYTES, MOST_COLUMNS, PICTURES, ParquetInput

ROWS = 2000
FRAMES = pa.array(np.arange(ROWS))
STATES = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2.0 * ROWS)), 2)
PICTURE = pa.array([{"bytes": b"png", "path": "a"}] * ROWS)


def written(path: Path, group: int = ROWS, **columns: pa.Array) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=group, compression="zstd")
    return path


def read(path: Path, most_rows: int = 64, **columns: int) -> list[pa.RecordBatch]:
    with ParquetInput(path) as parquet:
        return [b for group in range(parquet.groups) for b in parquet.batches(group, columns, most_rows)]


def test_rows_come_in_pieces(tmp_path):
    path = written(tmp_path / "a", 500, frame=FRAMES, state=STATES, picture=PICTURE)
    batches = read(path, 200, frame=1, state=2, picture=PICTURES)
    assert max(map(len, batches)) == 200
    table = pa.Table.from_batches(batches)
    assert table.column("frame").to_pylist() == FRAMES.to_pylist()
    assert table.column("state").to_pylist() == STATES.to_pylist()
    assert table.column("picture")[0].as_py() == {"bytes": b"png"}


def test_a_column_is_not_taken_for_one_that_begins_with_its_name(tmp_path):
    names = ["action", "action.left", "action.list.left"]
    columns = {name: pa.array(np.full(ROWS, float(at))) for at, name in enumerate(names)}
    columns["lists"] = STATES
    path = written(tmp_path / "a", **columns)
    for at, name in enumerate(names):
        (batch, *_) = read(path, **{name: 1})
        assert batch.column(name)[0].as_py() == at and batch.num_columns == 1
    assert read(path, lists=2)[0].num_columns == 1


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"a": pa.array(["words"] * ROWS)}, {"a": 1}),
        ({"a": pa.array([bytes(9)] * ROWS)}, {"a": 1}),
        ({"a": pa.array([[[1.0]]] * ROWS)}, {"a": 1}),
        ({"a": pa.array([{"b": 1.0, "c": 2.0}] * ROWS)}, {"a": 2}),
        ({"a": FRAMES}, {"a": PICTURES}),
        ({"a": pa.array([b"png"] * ROWS).dictionary_encode()}, {"a": PICTURES}),
        (
            {
                "a": pa.array([{"bytes": b"png"}] * ROWS).cast(
                    pa.struct([("bytes", pa.dictionary(pa.int32(), pa.binary()))])
                )
            },
            {"a": PICTURES},
        ),
        ({"a": pa.array([[b"png"]] * ROWS)}, {"a": PICTURES}),
        ({"a": STATES, "a.list.element": pa.array(np.arange(1.0 * ROWS))}, {"a": 2}),
        ({"b": FRAMES}, {"a": 1}),
        ({"a": pa.array([[1.0] * 9] * ROWS)}, {"a": 2}),
    ],
    ids=range(11),
)
def test_a_column_of_something_else_is_refused(tmp_path, columns, wanted):
    path = written(tmp_path / "a", **columns)
    with pytest.raises(ValueError, match="expected"):
        read(path, **wanted)


def test_a_file_that_claims_what_cannot_be_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path / "a", frame=pa.array(np.zeros(10**6, np.int64)))
    with pytest.raises(
        ValueError, match=rf"1000000 rows in .* expected at most {path.stat().st_size // LEAST_ROW_BYTES}"
    ):
        ParquetInput(path)
    path = written(tmp_path / "b", **{f"c{at}": FRAMES[:1] for at in range(MOST_COLUMNS + 1)})
    with pytest.raises(ValueError, match=f"expected at most {MOST_COLUMNS}"):
        ParquetInput(path)
    path = written(tmp_path / "c", frame=FRAMES)
    path.write_bytes(path.read_bytes()[:-8] + struct.pack("<I", 2**31) + b"PAR1")
    with pytest.raises(ValueError, match=f"its footer claims {2**31} bytes"):
        ParquetInput(path)
    path = written(tmp_path / "d", picture=pa.array([os.urandom(100), bytes(2**20)] * 20))
    assert len(read(path, picture=PICTURES)) == 1
    monkeypatch.setattr(parquet_input, "MOST_PICTURES_BYTES", 2**20)
    with pytest.raises(ValueError, match=f"expected at most 40, in {2**20}"):
        read(path, picture=PICTURES)


def test_all_of_a_file_becomes_no_more_than_it_can(tmp_path, monkeypatch):
    path = written(tmp_path / "a", frame=FRAMES, picture=pa.array([bytes(10**4)] * ROWS))
    assert sum(map(len, read(path, picture=PICTURES))) == ROWS
    monkeypatch.setattr(parquet_input, "MOST_BATCH_BYTES", 10**5)
    assert max(map(len, read(path, picture=PICTURES))) < 10
    monkeypatch.setattr(parquet_input, "ANYWAY_BYTES", 10**6)
    monkeypatch.setattr(parquet_input, "MOST_TIMES", 1)
    with pytest.raises(ValueError, match="unpack to more than they can hold"):
        read(path, picture=PICTURES)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a")
    with pytest.raises(OSError, match="not a regular file"):
        ParquetInput(tmp_path / "a")


READ = """
import sys, time
from pathlib import Path
from ami_ros.recordings.lerobot.parquet_input import PICTURES, ParquetInput

for name in sys.argv[1:]:
    begun = time.process_time()
    try:
        with ParquetInput(Path(name)) as parquet:
            columns = {"state": 2, "picture": PICTURES}
            columns = {name: size for name, size in columns.items() if name in parquet.names}
            for batch in parquet.batches(0, columns, 64):
                batch.column(0).to_pylist()
    except ValueError:
        print(time.process_time() - begun)
"""


@pytest.mark.slow
def test_bombs_take_little_memory_and_time(tmp_path):
    count = 10**6
    many = pa.array(np.zeros(10 * count, np.float32))
    one = pa.DictionaryArray.from_arrays(pa.array(np.zeros(200, np.int32)), pa.array([bytes(2**24)]))
    names = [
        written(tmp_path / "rows", count, state=pa.FixedSizeListArray.from_arrays(many, 10)),
        written(
            tmp_path / "a long row",
            state=pa.ListArray.from_arrays(pa.array([0, len(many)], pa.int32()), many),
        ),
        written(tmp_path / "one cell for many rows", picture=one),
        tmp_path / "the same, and it is not said",
    ]
    pq.write_table(
        pa.table({"picture": one}), names[-1], compression="zstd", row_group_size=200, store_schema=False
    )
    assert max(path.stat().st_size for path in names) < 2**19
    lines, peak_bytes = limited(READ, *names)
    assert len(lines) == len(names), lines
    assert max(map(float, lines)) < 10.0
    assert peak_bytes < 2**30
