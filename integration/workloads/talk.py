# SPDX-License-Identifier: Apache-2.0
"""talk.py PORT: sends standard input there and prints the answer, until there is none for a second. talk.py PORT PATH [BODY]: gets a page, or puts it."""
import socket
import sys
import urllib.request

PATIENCE = 1.5  # seconds
TIMEOUT = 30


def http(port: str, path: str, *body: str) -> None:
    data, method = (body[0].encode(), "PUT") if body else (None, "GET")
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, method=method)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as page:
        sys.stdout.buffer.write(page.read())


def raw(port: str) -> None:
    with socket.create_connection(("127.0.0.1", int(port)), TIMEOUT) as server:
        server.sendall(sys.stdin.buffer.read())
        server.settimeout(PATIENCE)
        try:
            while answer := server.recv(4096):
                sys.stdout.buffer.write(answer)
        except TimeoutError:
            pass


def main(port: str, *words: str) -> None:
    if words:
        http(port, *words)
    else:
        raw(port)


main(*sys.argv[1:])
