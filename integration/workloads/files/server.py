# SPDX-License-Identifier: Apache-2.0
"""An application beside its code in /usr/src/app: what is put is kept in a data base below /var/lib."""
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATABASE = "/var/lib/notes/notes.db"


def notes(*given: str) -> list[str]:
    """All of them, with those that are given."""
    with sqlite3.connect(DATABASE) as database:
        database.execute("create table if not exists notes (text text)")
        database.executemany("insert into notes values (?)", [(text,) for text in given])
        return [row[0] for row in database.execute("select text from notes")]


class Notes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer("\n".join(["served by python", *notes(), ""]))

    def do_PUT(self) -> None:
        notes(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer("")

    def answer(self, text: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer(("", 8000), Notes).serve_forever()
