# SPDX-License-Identifier: Apache-2.0
"""docs/docker-flags.md, line by line: integration/flags/lifecycle.py says what is run and expected."""
from flags import lifecycle
from flags.run import FlagCase, tests_of

FlagsLifecycle = type("FlagsLifecycle", (FlagCase,), tests_of(lifecycle.SECTIONS))
del FlagCase
