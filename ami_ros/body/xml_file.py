# SPDX-License-Identifier: Apache-2.0
"""XML files of robots, read within bounds: URDFs, and meshes in COLLADA."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

MOST_BYTES, MOST_ELEMENTS = 1 << 26, 200_000  # meshes are the largest
DEEPEST = 100  # nesting of elements: a URDF has five
# Text encodings in use that expat cannot read. Python's other codecs are no encodings of text files.
EAST_ASIAN = {"big5", "euc-jp", "euc-kr", "gb18030", "gb2312", "gbk", "shift_jis"}
DECLARED = re.compile(rb"""\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def parse_xml(path: Path) -> ElementTree.Element:
    """Return the root of an XML file.

    Raises:
        ValueError: it cannot be read, is too large, is no XML, or has a document type: there, a few lines
            can expand to billions.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"got more than {MOST_BYTES} bytes, expected less")
        declared = DECLARED.match(content)
        name = declared[1].decode().lower() if declared else ""
        parser = ElementTree.XMLParser(target=_Bounded())
        parser.feed(content.decode(name) if name in EAST_ASIAN else content)
        root: ElementTree.Element = parser.close()
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except (ElementTree.ParseError, LookupError) as error:  # the latter: an unknown encoding
        raise ValueError(str(error)) from error
    return root


class _Bounded(ElementTree.TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: str, attributes: dict[Any, Any]) -> ElementTree.Element:
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS:
            expected = f"at most {MOST_ELEMENTS}, nested at most {DEEPEST} deep"
            raise ValueError(f"got more elements than the limit, expected {expected}")
        return super().start(tag, attributes)

    def end(self, tag: str) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type. Called by the parser."""
        raise ValueError("got a document type, expected none")
