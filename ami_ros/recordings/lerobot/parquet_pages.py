# SPDX-License-Identifier: Apache-2.0
"""What the pages of a Parquet file claim to hold, read before Arrow trusts them.

A page of a few bytes can claim to unpack to 2 GB, or to repeat one value a billion times.

Source: parquet.thrift of Apache Parquet 2.12, PageHeader; the compact protocol of Apache Thrift 0.23.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

MOST_HEADER_BYTES = 2**15  # of a page: statistics of four values of 4 KB are in it
LEAST_PAGE_BYTES = 16  # in a file, on average: pages of all columns lie one after the other
_DEPTH = 8  # of structures in a header
# Kinds of fields.
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)
# Fields of a header: sizes, and the structures whose first field is a number of values.
_UNPACKED, _PACKED = (2, _I32), (3, _I32)
_OF_DATA, _OF_DICTIONARY, _OF_DATA_2 = (5, _STRUCT), (7, _STRUCT), (8, _STRUCT)
_COUNT = (1, _I32)


class Claims(NamedTuple):
    """Claims of consecutive pages.

    Attributes:
        pages: their number.
        values: in all of them, nulls included.
        largest_bytes: unpacked, of the largest page.
        dictionary_bytes: unpacked, of the largest dictionary page.
        unpacked_bytes: of all of them.
    """

    pages: int
    values: int
    largest_bytes: int
    dictionary_bytes: int
    unpacked_bytes: int


def claims_of(file: BinaryIO, begin: int, end: int, most_pages: int) -> Claims:
    """Return the claims of the pages between two positions in a file.

    Raises:
        ValueError: their headers cannot be read, or there are more than `most_pages`.
    """
    pages = values = largest = dictionary = total = 0
    while begin < end:
        file.seek(begin)
        reader = _Compact(file.read(min(MOST_HEADER_BYTES, end - begin)))
        try:
            header = reader.fields()
        except LookupError as error:
            raise ValueError(f"the header of a page at byte {begin} cannot be read") from error
        unpacked, packed = header.get(_UNPACKED, -1), header.get(_PACKED, -1)
        counts = [header.get(kind, {}).get(_COUNT, 0) for kind in (_OF_DATA, _OF_DICTIONARY, _OF_DATA_2)]
        begin += reader.at + packed
        pages += 1
        if min(unpacked, packed, *counts) < 0 or begin > end or counts[1] > unpacked:
            raise ValueError("got a page of negative size, or one longer than its column or with more values")
        if pages > most_pages:
            raise ValueError(f"got more than {most_pages} pages, expected each once")
        values += counts[0] + counts[2]
        largest, total = max(largest, unpacked), total + unpacked
        if _OF_DICTIONARY in header:
            dictionary = max(dictionary, unpacked)
    return Claims(pages, values, largest, dictionary, total)


class _Compact:
    """Reads a structure of the compact protocol. Raises LookupError: it is invalid or cut off.

    Args:
        data: begins with the structure.

    Attributes:
        at: current position.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def fields(self, depth: int = 0) -> Mapping[tuple[int, int], Any]:
        """Return (number, kind) -> value of the fields that are integers of 32 bits, or structures."""
        if depth > _DEPTH:
            raise IndexError
        found: dict[tuple[int, int], Any] = {}
        number = 0
        while (kind := (head := self._byte()) & 15) != _STOP:
            number = number + (head >> 4) if head >> 4 else _signed(self._varint())
            found[number, kind] = self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return None
        if kind == _STRUCT:
            return self.fields(depth + 1)
        if kind in (_I16, _I32, _I64):
            return _signed(self._varint())
        if kind in (_LIST, _SET):
            head = self._byte()
            self._skip(head >> 4 if head >> 4 < 15 else self._varint(), (head & 15,), depth)
        elif kind == _MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            self._skip(count, (kinds >> 4, kinds & 15), depth)
        else:
            self._jump({_BYTE: 1, _DOUBLE: 8}[kind] if kind != _BINARY else self._varint())
        return None

    def _skip(self, count: int, kinds: tuple[int, ...], depth: int) -> None:
        if depth >= _DEPTH or count > len(self._data):
            raise IndexError
        for _ in range(count):
            for kind in kinds:
                self._value(_BYTE if kind in (_TRUE, _FALSE) else kind, depth + 1)

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _jump(self, length: int) -> None:
        self.at += length
        if self.at > len(self._data):
            raise IndexError

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128 or shift > 63:
                return value


def _signed(value: int) -> int:
    """Return a signed number of at most 32 bits, truncated as all readers do."""
    value &= 0xFFFFFFFF
    return (value >> 1) ^ -(value & 1)
