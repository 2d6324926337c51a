# SPDX-License-Identifier: Apache-2.0
"""What a server of these tests is: an image in the shape of its official one, and how one sees that it does its work."""
import shlex
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
# In the image, for apt has no network in the tests.
ARCHIVE = "/srv/archive"
# A shell of the host has these beside $port: `talk [PATH [BODY]]` (talk.py), `inside COMMAND...` in the container, and `client COMMAND...` in
# another one, of the host's network, which reaches the published port as anyone would.
FUNCTIONS = """
port={port}
inside() {{ docker exec {container} "$@"; }}
talk() {{ python3 {talk} "$port" "$@"; }}
client() {{ docker run --rm -i --runtime runc --network host debian "$@"; }}
"""


@dataclass(frozen=True)
class Workload:
    name: str
    like: str  # the official image whose habits it has
    packages: str
    dockerfile: str
    port: int  # published; 0: it serves nobody
    works: str  # a script of the host (FUNCTIONS) whose output holds `shows`
    shows: str
    keeps: str = ""  # what `writes` stores and `reads` finds, after a restart, as the word "kept"
    writes: str = ""
    reads: str = ""
    files: dict[str, str] = field(default_factory=dict)
    patience: int = 20  # seconds until it serves
    profile: str = "standard"
    archived: str = ""  # packages that are not installed, but in ARCHIVE with all that they depend on
    standard_says: str = ""  # why it ends under `standard`, of one that has another profile


def entrypoint(user: str, tree: str, before: str = "") -> str:
    """As those of redis, postgres, mariadb and rabbitmq."""
    return f"""#!/bin/bash
set -e
if [ "$(id -u)" = 0 ]; then
  {before or ':'}
  find {tree} \\! -user {user} -exec chown {user} '{{}}' +
  exec gosu {user} "$0" "$@"
fi
"""


def command(*words: str) -> str:
    return "CMD [" + ", ".join(f'"{word}"' for word in words) + "]"


def text(name: str) -> str:
    return (HERE / "files" / name).read_text()


ENTRY = "COPY entrypoint /usr/local/bin/docker-entrypoint.sh\nRUN chmod 755 /usr/local/bin/docker-entrypoint.sh\n" + (
    'ENTRYPOINT ["docker-entrypoint.sh"]\n'
)


def script(words: str, container: str, port: str) -> list[str]:
    """`words` for a shell of the host."""
    functions = FUNCTIONS.format(port=port, container=shlex.quote(container), talk=shlex.quote(str(HERE / "talk.py")))
    return ["bash", "-c", functions + words]
