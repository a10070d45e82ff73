# SPDX-License-Identifier: Apache-2.0
"""XML that people and programs write is read, in any of its encodings; and none of it fills the memory."""

from __future__ import annotations

import pytest

from ami_ros.body.xml_file import parse_xml


def written(folder, content: bytes):
    path = folder / "robot.urdf"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16", "latin-1", "gbk", "GB2312", "gb18030", "big5", "shift_jis", "euc-kr"]
)
def test_encodings(tmp_path, encoding):
    name = "é" if encoding == "latin-1" else "中"
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<robot name="{name}"/>'
    assert parse_xml(written(tmp_path, text.encode(encoding))).get("name") == name


@pytest.mark.parametrize("encoding", ["nosuch", "punycode", "idna", "zlib", "utf-7", "gbk", "euc-jp"])
def test_encodings_that_do_not_fit_are_refused(tmp_path, encoding):
    content = f'<?xml version="1.0" encoding="{encoding}"?><robot name="'.encode() + b'\xff\xff"/>'
    with pytest.raises(ValueError, match=r"\w"):
        parse_xml(written(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no element found"),
        (b"\x00", "unclosed token"),
        (b"<a>" * 100_000, "more elements than the limit"),
        (b"<a>" + b"<b/>" * 200_000 + b"</a>", "at most 200000"),
        (b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>', "document type, expected none"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type, expected none"),
        (b" " * (2**26 + 1), "got more than 67108864 bytes"),
    ],
    ids=["empty", "binary", "deep", "long", "entities", "elsewhere", "large"],
)
def test_refusals(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        parse_xml(written(tmp_path, content))


def test_places_that_are_no_files(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / ("a" * 5000)):
        with pytest.raises(ValueError, match=r"directory|too long"):
            parse_xml(path)
