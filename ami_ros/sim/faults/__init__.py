# SPDX-License-Identifier: Apache-2.0
"""What breaks on purpose."""
