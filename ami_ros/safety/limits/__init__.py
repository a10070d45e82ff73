# SPDX-License-Identifier: Apache-2.0
"""One file per limit on motion: `build` and, where it has thresholds of its own, `Settings`."""
