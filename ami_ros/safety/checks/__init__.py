# SPDX-License-Identifier: Apache-2.0
"""One file per reason to slow, hold or stop: `build` and, where it has thresholds of its own, `Settings`."""
