# SPDX-License-Identifier: Apache-2.0
"""Motion without a goal that comes to know what a body can do: what was visited, and where to go next."""
