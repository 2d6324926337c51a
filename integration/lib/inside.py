# SPDX-License-Identifier: Apache-2.0
"""Process 1 of a sandbox: sets it up, runs the tests in a child, reaps orphans. When it ends, all end."""
import importlib.util
import os
import sys
import traceback
import unittest
from collections.abc import Callable
from pathlib import Path

from lib import sandbox, verdict


def load(path: Path, names: list[str]) -> unittest.TestSuite:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    loader = unittest.defaultTestLoader
    return loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)


def reap_until(child: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def run_as_first(action: Callable[[], int]) -> int:
    """`action` in a child, in a sandbox of its own; its exit code."""
    sandbox.enter()
    child = os.fork()
    if child:
        return 1 if (code := reap_until(child)) < 0 else code
    code = 1
    try:
        code = action()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> int:
    def tests() -> int:
        return verdict.run(load(Path(sys.argv[1]), sys.argv[2:]))

    return tests() if sandbox.of_the_machine(sys.argv[1]) else run_as_first(tests)


if __name__ == "__main__":
    sys.exit(main())
