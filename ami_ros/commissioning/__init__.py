# SPDX-License-Identifier: Apache-2.0
"""From "plans but moves nothing" to full speed: the record, its steps, what they show, and the report."""
