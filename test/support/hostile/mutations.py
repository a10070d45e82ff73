# SPDX-License-Identifier: Apache-2.0
"""Valid files, spoiled: bytes, texts, numbers and what stands in a folder."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

Random = np.random.Generator
NUMBERS: tuple[Any, ...] = (
    *(0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**400, 0.5, -0.0, 1e-300, 1e300, 1e308),
    *(float("nan"), float("inf"), float("-inf"), True, None, "", "nan", "1e400", "010", "1:30"),
)
TEXTS = (
    "\x1b[31mred\x1b[0m",
    "[/ok]",
    "[bold]tray[/]",
    "<script>alert(1)</script>",
    "a|b`c`",
    "\u202egnp.tac",
    "\ud800",
    "\x00",
    "../../outside",
    "/etc/passwd",
    "a:b/c",
    "x" * 100_000,
    "{{ 7 * 7 }}",
    "$(touch outside)",
    "'; touch outside; '",
    "\r\nverified: yes",
)
SHAPES: tuple[Any, ...] = ([], {}, [[]], [None], {"a": {}}, [1] * 1000, {"": 0})
LENGTHS = (0, 1, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1)  # as formats have them before data
MOST_FILES = 200


def bytes_of(generator: Random, data: bytes) -> bytes:
    """Return bytes with some flipped, cut off, doubled, zeroed, replaced by numbers, or moved."""
    content = bytearray(data)
    for _ in range(int(generator.choice([1, 1, 2, 5, 30]))):
        if not content:
            break
        at = int(generator.integers(len(content)))
        length = int(generator.choice([1, 4, 8, 64, 1000]))
        what = int(generator.integers(8))
        if what == 0:
            content[at] ^= 1 << int(generator.integers(8))
        elif what == 1:
            content[at : at + length] = generator.bytes(len(content[at : at + length]))
        elif what == 2:
            del content[at:]
        elif what == 3:
            del content[at : at + length]
        elif what == 4:
            content[at:at] = content[at : at + length] * int(generator.choice([1, 2, 50]))
        elif what == 5:
            content[at : at + length] = bytes(len(content[at : at + length]))
        elif what == 6:
            number = LENGTHS[int(generator.integers(len(LENGTHS)))]
            packed = struct.pack(str(generator.choice(["<Q", ">Q"])), number)
            content[at : at + 8] = packed[: len(content[at : at + 8])]
        else:
            other = int(generator.integers(len(content)))
            content[at : at + length] = content[other : other + length]
    return bytes(content)


def value_of(generator: Random, value: Any, depth: int = 0) -> Any:
    """Return a JSON value with one thing in it changed."""
    if isinstance(value, dict) and value and (depth < 8) and generator.random() < 0.85:
        key = list(value)[int(generator.integers(len(value)))]
        changed = dict(value)
        what = generator.random()
        if what < 0.1:
            del changed[key]
        elif what < 0.2:
            changed[str(generator.choice(TEXTS[:-1]))] = changed.pop(key)
        else:
            changed[key] = value_of(generator, value[key], depth + 1)
        return changed
    if isinstance(value, list) and value and generator.random() < 0.7:
        changed_list = list(value)
        at = int(generator.integers(len(value)))
        what = generator.random()
        if what < 0.2:
            del changed_list[at]
        elif what < 0.35:
            changed_list.append(value[at])
        else:
            changed_list[at] = value_of(generator, value[at], depth + 1)
        return changed_list
    choices = (*NUMBERS, *TEXTS, *SHAPES)
    return choices[int(generator.integers(len(choices)))]


def json_of(generator: Random, data: bytes) -> bytes:
    """Return JSON with values, names and sizes that nobody expects; or text that is not quite JSON."""
    what = generator.random()
    if what < 0.2:
        return bytes_of(generator, data)
    if what < 0.25:
        return b"[" * 100_000
    if what < 0.3:
        return b"{" + b",".join(b'"fps": 20' for _ in range(50_000)) + b"}"
    value = json.loads(data)
    for _ in range(int(generator.choice([1, 1, 3]))):
        value = value_of(generator, value)
    return json.dumps(value).replace("NaN", "NaN").encode(errors="surrogatepass")


def text_of(generator: Random, text: str) -> bytes:
    """Return a text, YAML or XML, with a value, a line or bytes changed."""
    what = generator.random()
    if what < 0.3:
        return bytes_of(generator, text.encode())
    lines = text.splitlines()
    for _ in range(int(generator.choice([1, 1, 3]))):
        at = int(generator.integers(len(lines)))
        line = lines[at]
        for separator, close in ((": ", ""), ('="', '"')):
            head, found, rest = line.partition(separator)
            if found:
                end = rest[rest.index('"') :] if close and '"' in rest else ""
                values = (*NUMBERS, *TEXTS)
                new = str(values[int(generator.integers(len(values)))])
                lines[at] = f"{head}{separator}{new}{end}"
                break
        else:
            if generator.random() < 0.5:
                del lines[at]
            else:
                lines.insert(at, lines[int(generator.integers(len(lines)))])
        if not lines:
            break
    encoded = "\n".join(lines).encode(errors="surrogatepass")
    if what > 0.95:
        return b"\xff\xfe" + encoded
    return encoded


def something_else(generator: Random, path: Path) -> None:
    """Put something in place of a file that is no file: a pipe, a folder, a link that leads nowhere or back."""
    path.unlink()
    what = int(generator.integers(5))
    if what == 0:
        os.mkfifo(path)
    elif what == 1:
        path.mkdir()
    elif what == 2:
        path.symlink_to(path)
    elif what == 3:
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to("nowhere")


def one_file(generator: Random, folder: Path, how: Any = bytes_of) -> Path:
    """Spoil one of the files below a folder, and return which."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())[:MOST_FILES]
    path = files[int(generator.integers(len(files)))]
    if generator.random() < 0.08:
        something_else(generator, path)
    else:
        path.write_bytes(how(generator, path.read_bytes()))
    return path
