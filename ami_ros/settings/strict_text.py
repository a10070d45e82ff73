# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON, read strictly: what a lenient reader would drop, choke on or misread is refused."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable
from typing import Any

import yaml

from ami_ros.errors import shown

# Of YAML, ten times as much as the largest robot needs: longer text takes seconds to read.
MOST_CHARACTERS, MOST_VALUES = 1 << 17, 1 << 16
TAG = "tag:yaml.org,2002:"
MERGE = f"{TAG}merge"  # `<<`, which may be given twice
# A number that all readers interpret alike. Source: YAML 1.1 reads 010 as 8, 1:30 as 90 and 1_0 as 10
# (yaml.org/type/int.html), YAML 1.2 the first as 10 and the others as text (section 10.3.2).
PLAIN_NUMBER = re.compile(
    r"[-+]?(0x[0-9a-fA-F]+|((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|\.inf|\.nan)", re.I
)
HALF_A_LETTER = re.compile(rb"\\u[dD][89a-fA-F]")  # in JSON, unless the other half follows
# YAML 1.1 also reads yes, no, on and off as truth, YAML 1.2 as text.
PLAIN_TRUTH = ("true", "false")


def parse_yaml(text: str) -> Any:
    """Return the content of YAML text.

    Raises:
        ValueError: not YAML, too long, a key given twice (which others drop silently), an invalid value,
            one that differs between readers, or too deep nesting; one line that names the line of the text.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"got a text of {len(text)} characters, expected at most {MOST_CHARACTERS}")
    try:
        value = yaml.load(text, _Loader)  # a SafeLoader
        if (count := _count(value, {})) > MOST_VALUES:
            raise ValueError(f"got {count} values, including aliases, expected at most {MOST_VALUES}")
        return value
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        what = ", ".join(filter(None, (error.context, error.problem)))
        raise ValueError(f"{where}{what}") from error
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_json(text: str | bytes) -> Any:
    """Return the content of JSON text.

    Raises:
        ValueError: not JSON or not Unicode, a key given twice in one object, or nested too deeply.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once)
        if HALF_A_LETTER.search(text if isinstance(text, bytes) else text.encode()):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = shown(sorted(name for name, count in counts.items() if count > 1))
        raise ValueError(f"got keys {twice} twice, expected each once")
    return values


def _count(value: Any, known: dict[int, int | None]) -> int:
    """Return the number of values in one, each as often as it is referenced. Raises ValueError: a cycle."""
    if not isinstance(value, (dict, list)):
        return 1
    if (name := id(value)) not in known:
        known[name] = None
        inside = value.values() if isinstance(value, dict) else value
        known[name] = 1 + sum(_count(one, known) for one in inside)
    if (count := known[name]) is None:
        raise ValueError("got a value that contains itself, expected a finite one")
    return count


class _Loader(yaml.SafeLoader):
    """Checks keys while the text is read: later, those from `<<` would look like duplicates."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Insert the keys of `<<`: own keys win, then the first mapping that has a key.

        Done here, because PyYAML takes the wrong one of several, and makes millions of keys of a few lines.
        Source: yaml.org/type/merge.html.
        """
        bases = [value for key, value in node.value if key.tag == MERGE]
        own = {_name(key): (key, value) for key, value in node.value if key.tag != MERGE}
        node.value = list(own.values())  # before the bases: the node may be its own base
        brought: dict[Hashable, tuple[yaml.Node, yaml.Node]] = {}
        for base in bases:
            for one in base.value if isinstance(base, yaml.SequenceNode) else (base,):
                if not isinstance(one, yaml.MappingNode):
                    problem = "<< got something else, expected mappings"
                    raise yaml.constructor.ConstructorError(None, None, problem, base.start_mark)
                self.flatten_mapping(one)
                brought = {_name(key): (key, value) for key, value in one.value} | brought
        node.value = list((brought | own).values())

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == MERGE:
                continue
            key, line = self.construct_object(key_node), key_node.start_mark.line + 1
            if key in lines:
                problem = f"got key {key!r} twice, first in line {lines[key]}; expected it once"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            lines[key] = line
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            if isinstance(node, yaml.ScalarNode):
                node.value.encode()  # "\ud800" is half a letter, which cannot be encoded
            value = super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError) as error:  # PyYAML's own: 2001-99-99
            problem = f"{str(node.value)[:40]!r} is not a valid {node.tag.rpartition(':')[2]}: {error}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error
        if isinstance(node, yaml.ScalarNode):
            self._refuse_ambiguous(node)
        return value

    @staticmethod
    def _refuse_ambiguous(node: yaml.ScalarNode) -> None:
        kind, text = node.tag.removeprefix(TAG), str(node.value)
        if kind in ("int", "float") and not PLAIN_NUMBER.fullmatch(text):
            expected = "a number without leading 0, _ and :, or a quoted text"
        elif kind == "bool" and text.lower() not in PLAIN_TRUTH:
            expected = "true or false, or a quoted text"
        else:
            return
        problem = f"{shown(text)} means different things to different YAML readers; expected {expected}"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


# As in YAML 1.2 and other readers: to PyYAML 1e-3 is a text.
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$")
_Loader.add_implicit_resolver(f"{TAG}float", NUMBER, list("-+.0123456789"))


def _name(key: yaml.Node) -> Hashable:
    return (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
