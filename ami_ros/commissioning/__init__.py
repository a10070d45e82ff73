# SPDX-License-Identifier: Apache-2.0
"""From "plans but moves nothing" to full speed: the record, its steps, their results, and the report."""
