# SPDX-License-Identifier: Apache-2.0
"""What one action means: one file for each meaning, from an action block to a proposal."""
