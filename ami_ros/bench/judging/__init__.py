# SPDX-License-Identifier: Apache-2.0
"""Models from good to deliberately bad: does the success that their judgement expects come about?"""
