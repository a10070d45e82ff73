# SPDX-License-Identifier: Apache-2.0
"""Code in a process of its own, of which the memory is measured, and ends: for what could take all of it."""

from __future__ import annotations

import subprocess
import sys

from child_environment import child_environment

MOST_BYTES = 2**32  # so that the machine survives a test that fails
MOST_S = 60.0
_BEGIN = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, ({MOST_BYTES},) * 2)
imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""
_END = """
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - imported)
"""


def limited(code: str, *arguments: object) -> tuple[list[str], int]:
    """Return the lines that the code prints, and the most memory that it took, bytes.

    Args:
        code: of Python, its imports before an empty line: what they take is not counted.
        arguments: that it finds in `sys.argv[1:]`.
    """
    imports, _, rest = code.strip().partition("\n\n")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([imports, _BEGIN, rest, _END]), *map(str, arguments)],
        env=child_environment(),
        capture_output=True,
        text=True,
        timeout=MOST_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *lines, peak_kb = done.stdout.splitlines()
    return lines, int(peak_kb) * 1024
