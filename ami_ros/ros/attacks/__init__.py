# SPDX-License-Identifier: Apache-2.0
"""Who spoils, floods and deceives over topics: for `ami-ros bench faults`, `bench attacks` and tests only."""
