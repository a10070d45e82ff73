# SPDX-License-Identifier: Apache-2.0
"""Sources of settings: YAML files, their strict form, and their dataclasses."""
