# SPDX-License-Identifier: Apache-2.0
"""One file per kind of task: `Settings`, with values in config/tasks/<task>.yaml, and `Task`."""
