# SPDX-License-Identifier: Apache-2.0
"""All of them, in the order of the page."""
from escape import directories, doors, files, links, races, steering, ways

SECTIONS = (
    directories.SECTION,
    links.SECTION,
    races.SECTION,
    doors.SECTION,
    steering.SECTION,
    ways.SOCKETS,
    ways.NAMESPACES,
    files.SECTION,
)
ESCAPES = tuple(escape for section in SECTIONS for escape in section.escapes)
