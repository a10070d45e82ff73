# SPDX-License-Identifier: Apache-2.0
"""What is said of pages is read as Arrow reads it, and garbage is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'lerobot'")
import pyarrow as pa
import pyarrow.parquet as pq

from ami_ros.recordings.lerobot.parquet_pages import claims_of

ROWS, CELL = 3000, 1000
GENERATOR = np.random.default_rng(1)
COLUMNS = {
    "few": pa.array(np.arange(ROWS) % 7),
    "many": pa.array(GENERATOR.normal(size=ROWS)),
    "absent": pa.array([None, 1.5] * (ROWS // 2)),
    "lists": pa.array([[1.0, 2.0]] * ROWS),
    "bytes": pa.array([bytes(CELL)] * ROWS),
}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("dictionary", [False, True])
def test_pages_that_arrow_wrote(version, compression, dictionary):
    file = io.BytesIO()
    pq.write_table(
        pa.table(COLUMNS),
        file,
        compression=compression,
        data_page_version=version,
        use_dictionary=dictionary,
        data_page_size=4096,
    )
    group = pq.ParquetFile(file).metadata.row_group(0)
    for leaf, name in enumerate(COLUMNS):
        column = group.column(leaf)
        begin = column.dictionary_page_offset or column.data_page_offset
        claims = claims_of(file, begin, begin + column.total_compressed_size, 10**6)
        assert claims.values == column.num_values == (2 * ROWS if name == "lists" else ROWS)
        assert claims.largest_bytes <= claims.unpacked_bytes <= column.total_uncompressed_size
        # The metadata counts the headers, too.
        assert claims.unpacked_bytes > column.total_uncompressed_size - (200 + 2 * CELL) * claims.pages
        assert bool(claims.dictionary_bytes) == dictionary
        assert claims.pages > 1 or (dictionary and name == "bytes") or name == "few"
        with pytest.raises(ValueError, match=f"more than {claims.pages - 1} pages"):
            claims_of(file, begin, begin + column.total_compressed_size, claims.pages - 1)
        with pytest.raises(ValueError, match="longer than its column|cannot be read"):
            claims_of(file, begin, begin + column.total_compressed_size - 1, 10**6)


def test_garbage_is_refused():
    for seed in range(3000):
        generator = np.random.default_rng(seed)
        data = generator.integers(0, 256, 200, np.uint8)
        data[: seed % 9] = [0x15, 0, 0x15, 20, 0x15, 20, 0x2C, 0x15][: seed % 9]
        try:
            claims = claims_of(io.BytesIO(data.tobytes()), 0, len(data), 10)
        except ValueError:
            continue
        assert claims.pages <= 10


def test_many_structures_within_each_other_are_refused():
    with pytest.raises(ValueError, match="cannot be read"):
        claims_of(io.BytesIO(b"\x1c" * 20_000), 0, 20_000, 10)
    with pytest.raises(ValueError, match="cannot be read"):
        claims_of(io.BytesIO(b"\x19" + b"\xf9\xff\xff\xff\xff\x07" * 100), 0, 601, 10)


def test_a_size_of_more_than_32_bits_is_cut_off_as_arrow_does():
    """A second field of another kind, by which the first would be overlooked, is none."""
    page = b"\x15\x00\x15\x80\x80\x80\x80\x40\x15\x00"  # 2 ** 33 bytes
    assert claims_of(io.BytesIO(page + b"\x00"), 0, len(page) + 1, 10).unpacked_bytes == 0
    page = b"\x15\x00\x15\x08\x15\x00" + b"\x06\x04\x00"  # the size again, as one of 64 bits
    assert claims_of(io.BytesIO(page + b"\x00"), 0, len(page) + 1, 10).unpacked_bytes == 4
