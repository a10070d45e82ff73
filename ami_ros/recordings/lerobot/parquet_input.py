# SPDX-License-Identifier: Apache-2.0
"""Rows of one Parquet file, in batches that fit into memory, whatever the file claims."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from ami_ros.recordings.lerobot.parquet_pages import LEAST_PAGE_BYTES, Claims, claims_of
from ami_ros.system.regular_file import open_regular

PICTURES = 0  # size of a column of pictures; those of numbers have one
# In a file per row, on average, however well it is packed: times and frame numbers differ. Rows that are
# otherwise equal take 3 bytes.
LEAST_ROW_BYTES = 2
# A file may grow by this factor, and to the second size in any case: joints at rest pack well.
MOST_TIMES, ANYWAY_BYTES = 1000, 2**30
# Of one page. Arrow writes at least 1024 values into a page, however large the pictures are.
MOST_NUMBERS_BYTES, MOST_PICTURES_BYTES = 2**26, 2**29
MOST_BATCH_BYTES = 2**28  # of the pictures that are held in memory at once
MOST_COLUMNS = 2**12  # with statistics of each feature
# Of the end of a file, which describes its rows and takes a hundred times as much memory: an absolute limit,
# and a share of the file beyond the first MB.
MOST_FOOTER_BYTES, SMALL_FOOTER_BYTES, FOOTER_SHARE = 2**23, 2**20, 8
_BUFFER_BYTES = 2**20
_END = struct.Struct("<I4s")  # of a file. Source: Apache Parquet, "File format"
_NUMBERS = ("BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE")


class ParquetInput:
    """One file to read.

    Args:
        path: of it.

    Attributes:
        names: of its columns.
        groups: how many groups of rows it has.

    Raises:
        Exception: one of the dozen types that Arrow raises on damaged files, or OSError: it cannot be opened;
            or ValueError: its claims are impossible.
    """

    def __init__(self, path: Path) -> None:
        self._file = open_regular(path)
        try:
            self._size = self._file.seek(0, io.SEEK_END)
            self._check_footer()
            self._parquet = pq.ParquetFile(self._file, buffer_size=_BUFFER_BYTES, pre_buffer=False)
            self._metadata = self._parquet.metadata
            self.names: list[str] = self._parquet.schema_arrow.names
            self.groups: int = self._metadata.num_row_groups
            self._pages = self._size // LEAST_PAGE_BYTES
            self._bytes = max(ANYWAY_BYTES, MOST_TIMES * self._size)
            self._leaves: dict[str, int] = {}
            self._check_rows()
            schema = self._parquet.schema
            self._paths = [schema.column(leaf).path for leaf in range(self._metadata.num_columns)]
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> ParquetInput:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._parquet.close()
        self._file.close()

    def batches(self, group: int, columns: Mapping[str, int], most_rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a group.

        Args:
            group: its number.
            columns: name -> how many numbers it has in a row, or PICTURES.
            most_rows: of a batch.

        Raises:
            Exception: as when the file is opened.
        """
        for name in columns.keys() - self._leaves.keys():
            self._leaves[name] = self._leaf(name, columns[name])
        most = min(self._most_rows(group, self._leaves[name], size) for name, size in columns.items())
        paths = [self._paths[self._leaves[name]] for name in columns]
        for batch in self._parquet.iter_batches(min(most, most_rows), row_groups=[group], columns=paths):
            self._take_bytes(batch.nbytes)
            yield batch

    def _check_footer(self) -> None:
        self._file.seek(max(self._size - _END.size, 0))
        tail = self._file.read()
        length = _END.unpack(tail)[0] if len(tail) == _END.size else 0
        most = min(max(SMALL_FOOTER_BYTES, self._size // FOOTER_SHARE), MOST_FOOTER_BYTES)
        if length > most:
            raise ValueError(f"its footer claims {length} bytes, expected at most {most}")
        self._file.seek(0)

    def _check_rows(self) -> None:
        if self._metadata.num_columns > MOST_COLUMNS:
            raise ValueError(f"got {self._metadata.num_columns} columns, expected at most {MOST_COLUMNS}")
        counts = [self._metadata.row_group(group).num_rows for group in range(self.groups)]
        most = self._size // LEAST_ROW_BYTES
        if min(counts, default=0) < 0 or sum(counts) > most:
            raise ValueError(
                f"its footer claims {sum(counts)} rows in {self._size} bytes, expected at most {most}"
            )

    def _leaf(self, name: str, size: int) -> int:
        """Return the file's column for a column of rows; for a picture, the one with the bytes."""
        longer = tuple(f"{other}." for other in self.names if other.startswith(f"{name}."))
        found = [
            leaf
            for leaf, path in enumerate(self._paths)
            if path == name or (path.startswith(f"{name}.") and not f"{path}.".startswith(longer))
        ]
        if size == PICTURES and len(found) > 1:
            found = [leaf for leaf in found if self._paths[leaf] == f"{name}.bytes"]
        if len(found) != 1:
            raise ValueError(f"{name}: got {len(found)} columns, expected one")
        column = self._parquet.schema.column(found[0])
        kinds, levels = (("BYTE_ARRAY",), 0) if size == PICTURES else (_NUMBERS, 1)
        kind = self._parquet.schema_arrow.field(self.names.index(name)).type
        if column.physical_type not in kinds or column.max_repetition_level > levels or not _is_plain(kind):
            expected = "pictures" if size == PICTURES else f"{size} numbers in a row"
            raise ValueError(f"{name}: got a column of {kind}, expected {expected}")
        return found[0]

    def _most_rows(self, group: int, leaf: int, size: int) -> int:
        """Return how many rows may be read at once. Raises ValueError: a column's claims are impossible."""
        rows = self._metadata.row_group(group).num_rows
        claims = self._claims(group, leaf)
        # A row may have more numbers than it should; that is reported where it is used.
        most_values = rows if size == PICTURES else 2 * rows * size
        most_bytes = MOST_PICTURES_BYTES if size == PICTURES else MOST_NUMBERS_BYTES
        if claims.values > most_values or claims.largest_bytes > most_bytes:
            raise ValueError(
                f"its footer claims {claims.values} values for {rows} rows, in pages of "
                f"{claims.largest_bytes} bytes; expected at most {most_values}, in {most_bytes}"
            )
        return max(1, MOST_BATCH_BYTES // max(claims.dictionary_bytes, 1))

    def _claims(self, group: int, leaf: int) -> Claims:
        column = self._metadata.row_group(group).column(leaf)
        begin = column.data_page_offset
        if column.has_dictionary_page and 0 < column.dictionary_page_offset < begin:
            begin = column.dictionary_page_offset
        end = begin + column.total_compressed_size
        if not 0 <= begin <= end <= self._size:
            raise ValueError(f"a column lies from byte {begin} to {end}, expected within {self._size}")
        claims = claims_of(self._file, begin, end, self._pages)
        self._pages -= claims.pages
        self._take_bytes(claims.unpacked_bytes)
        return claims

    def _take_bytes(self, unpacked: int) -> None:
        self._bytes -= unpacked
        if self._bytes < 0:
            raise ValueError(f"its {self._size} bytes claim to unpack to more than they can hold")


def _is_plain(kind: pa.DataType) -> bool:
    """Return whether a value takes as much memory as its own bytes: none stands for many."""
    if isinstance(kind, (pa.DictionaryType, pa.RunEndEncodedType, pa.BaseExtensionType)):
        return False
    return all(_is_plain(kind.field(at).type) for at in range(kind.num_fields))
