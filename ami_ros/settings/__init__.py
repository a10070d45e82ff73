# SPDX-License-Identifier: Apache-2.0
"""Where settings come from: YAML files, their strict form, the dataclasses that they fill."""
