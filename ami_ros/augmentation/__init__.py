# SPDX-License-Identifier: Apache-2.0
"""What a simulator would vary, from recordings alone: other looks, odd pictures, impossible events."""
