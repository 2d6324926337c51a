# SPDX-License-Identifier: Apache-2.0
"""What a column of the table in docs/engines.md is: an engine, how to start a container there, and the words for what is asked of it."""
from lib.command import Result

OWN, USERS, POD = "hardened", "the user's own", "not mapped (pod)"
# Rows that want a cgroup which an ordinary user was given.
LIMITS = ("processes are bounded, asked not to or not", "memory is bounded, asked not to or not", "`update` lifts no limit")
AS_DELEGATED = "as far as delegated"


class NotStarted(Exception):
    """The engine's error, as its user reads it."""


class Container:
    """One that runs, below an adapter."""

    def pid(self) -> int:
        """Its first process, as the host numbers it."""
        raise NotImplementedError

    def run(self, *words: str, privileged: bool = False) -> Result:
        """What `exec` does there."""
        raise NotImplementedError

    def lift(self) -> None:
        """An update that asks for no limits; it may fail."""
        raise NotImplementedError

    def remove(self) -> None:
        raise NotImplementedError


class Adapter:
    column = ""  # of the table
    mapping = OWN  # whose ids a container has
    asks: dict = {}  # what is asked -> this engine's own way to say it; without an entry it cannot be said
    without: dict[str, str] = {}  # rows that do not hold here, and what the table says instead

    def __init__(self) -> None:
        """Starts the engine, or raises unittest.SkipTest."""

    def start(self, name: str, ask: str) -> Container:
        """Raises NotStarted. What was made of one that did not start is removed again."""
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError
