# SPDX-License-Identifier: Apache-2.0
"""docs/docker-flags.md, line by line: integration/flags/host.py says what is run and expected."""
from flags import host
from flags.run import FlagCase, tests_of

FlagsHost = type("FlagsHost", (FlagCase,), tests_of(host.SECTIONS))
del FlagCase
