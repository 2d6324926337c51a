# SPDX-License-Identifier: Apache-2.0
"""talk.py PORT: sends standard input there and prints the answer, until there is none for a second. talk.py PORT PATH: gets a page."""
import socket
import sys
import urllib.request

PATIENCE = 1.5  # seconds


def main(port: str, *path: str) -> None:
    if path:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path[0]}", timeout=5) as page:
            sys.stdout.buffer.write(page.read())
        return
    with socket.create_connection(("127.0.0.1", int(port)), 5) as server:
        server.sendall(sys.stdin.buffer.read())
        server.settimeout(PATIENCE)
        try:
            while answer := server.recv(4096):
                sys.stdout.buffer.write(answer)
        except TimeoutError:
            pass


main(*sys.argv[1:])
