# SPDX-License-Identifier: Apache-2.0
"""Plants of pc-gym: our planner, from logged data alone, next to controllers that know more or less."""
