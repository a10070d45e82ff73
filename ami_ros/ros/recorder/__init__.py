# SPDX-License-Identifier: Apache-2.0
"""The recorder: a robot's messages and commands, on disk."""
