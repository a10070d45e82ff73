# SPDX-License-Identifier: Apache-2.0
"""Watch a robot think, live or recorded: pictures, paths, curves and words on one line of time."""
