# SPDX-License-Identifier: Apache-2.0
"""What serves nobody: jobs at their time, and an installation in a container, as a step of a build is."""
from workloads.workload import ARCHIVE, Workload, command

# Tells one life of the container from the next: when its first process began.
LIFE = "#!/bin/sh\nset -- $(cat /proc/1/stat)\necho life ${22}\n"
# A program with the set-user-ID bit; one with file capabilities, and that bit where it cannot have them; a set-group-ID program and directories of
# users and groups that maintainer scripts make.
INSTALLED = "sudo iputils-ping postfix"

WORKLOADS = (
    Workload(
        "cron",
        "an image of cron",
        "cron",
        "COPY life /usr/local/bin/life\nRUN chmod 755 /usr/local/bin/life"
        " && echo '* * * * * root /usr/local/bin/life >>/var/log/ran' >/etc/cron.d/ran\n" + command("cron", "-f"),
        0,
        "inside sh -c 'grep -x \"$(life)\" /var/log/ran'",
        "life",
        "its log",
        "true",
        "inside sh -c '[ $(sort -u /var/log/ran | wc -l) = 2 ] && echo kept'",
        files={"life": LIFE},
        patience=75,
    ),
    Workload(
        "apt-get",
        "debian, `apt-get install` in it",
        "apt-utils",
        f"""RUN printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \\
 && rm -rf /etc/apt/sources.list.d/* && echo 'deb [trusted=yes] file:{ARCHIVE} ./' >/etc/apt/sources.list
ENV DEBIAN_FRONTEND=noninteractive
"""
        + command("sh", "-c", f"apt-get update && apt-get install -q -y --no-install-recommends {INSTALLED} && exec sleep infinity"),
        0,
        "inside grep -qx sleep /proc/1/comm"
        " && inside stat -c '%A %U:%G %n' /usr/bin/sudo /usr/sbin/postdrop /var/spool/postfix/maildrop /var/lib/postfix",
        "-rwsr-xr-x root:root /usr/bin/sudo\n"
        "-r-xr-sr-x root:postdrop /usr/sbin/postdrop\n"
        "drwx-wx--T postfix:postdrop /var/spool/postfix/maildrop\n"
        "drwxr-xr-x postfix:postfix /var/lib/postfix\n",
        "the packages",
        "inside ping -c 1 127.0.0.1",
        "inside sh -c '[ -z \"$(dpkg --audit)\" ] && getent passwd postfix && echo kept'",
        patience=90,
        profile="build",
        archived=INSTALLED,
        standard_says="Read-only file system",
    ),
)
