# SPDX-License-Identifier: Apache-2.0
"""Volumes, binds and file systems in memory."""
from flags.case import Section, hardened, refused, same

OWNER = "stat -c '%u:%g %a'"
TRY = "touch {0}/new 2>/dev/null && echo writable || echo not"
LATER = "what the host mounts later would come with its ids as they are"


def options(place: str) -> str:
    """Whether a mount is read-only, and its propagation."""
    return f"awk '$5 == \"{place}\" {{split($6, o, \",\"); print o[1], $7}}' /proc/self/mountinfo"


VOLUMES = Section(
    "Files: -v",
    (
        same(
            "-v DIR:/b1",
            f"cat /b1/file; {OWNER} /b1/secret /b1/of7; cat /b1/secret; {TRY.format('/b1')}; {OWNER} /b1/new",
            "content\n0:0 600\n7:8 644\nsecret\nwritable\n0:0",
            "owners on disk are those that runc would write",
        ),
        same("-v DIR:/b2:ro", f"cat /b2/file; {TRY.format('/b2')}", "content\nnot"),
        same("-v DIR/one:/etc/one", "echo more >> /etc/one; cat /etc/one", "one\nmore"),
        same("-v DIR:/b3:z", "cat /b3/file", "content", "no SELinux here: nothing to relabel"),
        same("-v DIR:/b4:Z", "cat /b4/file", "content"),
        same("-v DIR:/b5:cached", "cat /b5/file", "content"),
        same("-v DIR:/b6:private", f"cat /b6/file; {options('/b6')}", "content\nrw -"),
        same("-v DIR:/b7:rprivate", f"cat /b7/file; {options('/b7')}", "content\nrw -"),
        refused("-v DIR:/b8:slave", "rules.mounts.unmappable", LATER),
        refused("-v DIR:/b9:rslave", "rules.mounts.unmappable", LATER),
        refused("-v DIR:/c1:shared", "rules.mounts.shared_propagation", "CIS 5.20"),
        refused("-v DIR:/c2:rshared", "rules.mounts.shared_propagation", "CIS 5.20"),
        same("-v /anonymous", f"{TRY.format('/anonymous')}; {OWNER} /anonymous/new", "writable\n0:0"),
        same("-v VOL:/v1", f"{TRY.format('/v1')}; chown 33:34 /v1/new; {OWNER} /v1/new", "writable\n33:34"),
        same("-v VOL:/v2:ro", TRY.format("/v2"), "not"),
        same("-v VOL:/v3:nocopy", TRY.format("/v3"), "writable"),
        same(
            "-v VOLUME:/home, of what the image has there",
            host="start -v copied-$R:/home --name $N busybox stat -c '%u %n' /home/app",
            shows="1000 /home/app",
        ),
        same("--volumes-from X", "cat /shared/file; touch /shared/new && echo writable", "of x\nwritable"),
        same("--volumes-from X:ro", "cat /shared/file; touch /shared/n || echo not", "of x\n.*not", alone=True),
        refused("-v /var/run/docker.sock:/s", "rules.mounts.allowed_sources", "the engine is the host's root"),
        refused("-v /etc:/e:ro", "rules.mounts.allowed_sources", "the host's directories, read-only too"),
        refused("-v /:/host", "rules.mounts.allowed_sources", "and whatever holds one of them"),
        same("-v /etc/localtime:/etc/localtime:ro", "wc -c < /etc/localtime", r"\d", "every user may read it"),
    ),
)

MOUNTS = Section(
    "Files: --mount",
    (
        same("--mount type=bind,src=DIR,dst=/m1", f"cat /m1/file; {TRY.format('/m1')}", "content\nwritable"),
        same("--mount type=bind,src=DIR,dst=/m2,readonly", f"cat /m2/file; {TRY.format('/m2')}", "content\nnot"),
        same("--mount type=bind,src=DIR,dst=/m3,bind-propagation=private", options("/m3"), "rw -"),
        same("--mount type=bind,src=DIR,dst=/m4,bind-propagation=rprivate", options("/m4"), "rw -"),
        refused("--mount type=bind,src=DIR,dst=/m5,bind-propagation=slave", "rules.mounts.unmappable", LATER),
        refused("--mount type=bind,src=DIR,dst=/m6,bind-propagation=rslave", "rules.mounts.unmappable", LATER),
        refused("--mount type=bind,src=DIR,dst=/m7,bind-propagation=shared", "rules.mounts.shared_propagation", "CIS 5.20"),
        refused("--mount type=bind,src=DIR,dst=/m8,bind-propagation=rshared", "rules.mounts.shared_propagation", "CIS 5.20"),
        same(
            "--mount type=bind,src=DIR,dst=/m9",
            "cat /m9/below/file; echo x > /m9/below/written; stat -c %u /m9/below/written",
            "below\n0",
            "with a file system mounted below it",
        ),
        same("--mount type=bind,src=DIR,dst=/n1,bind-nonrecursive=true", "ls -A /n1/below | wc -l", "0"),
        same("--mount type=volume,src=VOL,dst=/n2", TRY.format("/n2"), "writable"),
        same("--mount type=volume,src=VOL,dst=/n3,readonly", TRY.format("/n3"), "not"),
        same("--mount type=volume,src=VOL,dst=/n4,volume-nocopy=true", TRY.format("/n4"), "writable"),
        same("--mount type=volume,dst=/n5", TRY.format("/n5"), "writable", "anonymous"),
        same(
            "--mount type=volume,src=VOL,dst=/n6,volume-subpath=sub",
            host=f"""docker run --rm --runtime $R -v $VOL:/n6 busybox mkdir -p /n6/sub
                     start --mount type=volume,src=$VOL,dst=/n6,volume-subpath=sub busybox sh -c '{TRY.format("/n6")}'""",
            shows="unexpected key 'volume-subpath'|^writable",
            why="Docker 26 and later",
        ),
        refused(
            "--mount type=volume,dst=/n7,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc",
            "rules.mounts.allowed_sources",
            "a volume that is the host's /etc under another name",
        ),
        same("--mount type=tmpfs,dst=/n8", f"{TRY.format('/n8')}; {OWNER} /n8", "writable\n0:0 1777"),
        same(
            "--mount type=tmpfs,dst=/n9,tmpfs-size=1m,tmpfs-mode=700",
            f"df -k /n9 | awk 'END {{print $2}}'; {OWNER} /n9",
            "1024\n0:0 700",
        ),
        same("--tmpfs /t1", f"{TRY.format('/t1')}; {OWNER} /t1", "writable\n0:0 1777"),
        same(
            "--tmpfs /t2:size=1m,mode=750,uid=7,gid=8",
            f"df -k /t2 | awk 'END {{print $2}}'; {OWNER} /t2",
            "1024\n7:8 750",
        ),
        same("--tmpfs /run", f"{TRY.format('/run')}", "writable", "over a state directory", alone=True),
        refused("--tmpfs /t3:uid=70000", "rules.user-namespace.range_size", "an owner that the container has not"),
    ),
)

ROOT = Section(
    "Files: the root file system",
    (
        hardened(
            "run",
            "touch /usr/new /opt/new 2>&1; ls /usr/new /opt/new 2>/dev/null; touch /var/new && echo state",
            "^/usr/new",
            "Read-only file system\n(.*\n)*state",
            "code is immutable, state is writable; the profile `build` leaves it writable",
            alone=True,
        ),
        same(
            "--read-only",
            "touch /var/new /tmp/new 2>&1; touch /dev/shm/new && echo memory",
            "/var/new: Read-only file system\n.*/tmp/new: Read-only file system\nmemory",
            "no state directory becomes writable either",
            alone=True,
        ),
        same(
            "--read-only --tmpfs /tmp",
            "touch /var/new 2>&1; touch /tmp/new && echo memory",
            "Read-only file system\nmemory",
            alone=True,
        ),
        same("--shm-size 2m", "df -k /dev/shm | awk 'END {print $2}'", "2048"),
        same(
            "run, /etc/hosts, hostname, resolv.conf",
            "for f in hosts hostname resolv.conf; do stat -c '%u:%g %a' /etc/$f; done",
            "0:0 644\n0:0 644\n0:0 644",
        ),
    ),
)

SECTIONS = (VOLUMES, MOUNTS, ROOT)
