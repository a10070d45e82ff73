# SPDX-License-Identifier: Apache-2.0
"""Tasks: where an episode starts and what its goal is."""
