# SPDX-License-Identifier: Apache-2.0
"""Starting, watching, changing and stopping containers."""
from flags.case import SAME, Section, elsewhere, hardened, same

OF = 'stat -c "%u:%g %a %s"'

START = Section(
    "Starting and stopping",
    (
        same(
            "run",
            host="start --name $N busybox sh -c 'echo out; echo err >&2; id; exit 6'; echo $?",
            shows="out\n.*uid=0.*\n(.*\n)*6",
        ),
        same(
            "run -d, wait, logs",
            host="""start -d --name $N busybox sh -c 'echo out; echo err >&2' >/dev/null
                    docker wait $N; docker logs $N""",
            shows="0\nout",
        ),
        same(
            "run -i, from a pipe",
            host="printf 'a\\0b' | start --name $N -i busybox od -c",
            shows=r"a +\\0 +b",
        ),
        elsewhere("run -t", SAME, "integration/docker/same_as_runc.py test_a_terminal"),
        same(
            "run --rm",
            host="start --rm --name $N busybox echo ran; docker ps -aq -f name=^$N$ | wc -l",
            shows="ran\n0",
        ),
        same(
            "run --cidfile FILE",
            host="""start -d --cidfile $DIR/cid busybox true >/dev/null
                    docker inspect -f '{{.Path}}' $(cat $DIR/cid); rm $DIR/cid""",
            shows="true",
        ),
        same(
            "run --name, rename",
            host="""start -d --name $N busybox sleep 300 >/dev/null
                    docker rename $N $N-new; docker exec $N-new echo here; docker rm -f $N-new""",
            shows="here",
        ),
        same(
            "create, start -a",
            host="""docker create --runtime $R --name $N busybox echo started >/dev/null
                    docker start -a $N""",
            shows="started",
        ),
        same(
            "run --log-driver none",
            host="""start -d --log-driver none --name $N busybox echo said >/dev/null
                    docker wait $N; docker logs $N""",
            shows="0\n.*not support reading",
        ),
        same(
            "run --init",
            host="""start -d --init --name $N busybox sh -c 'sleep 300; true' >/dev/null
                    docker exec $N cat /proc/1/comm; docker stop -t 9 $N >/dev/null
                    docker inspect -f '{{.State.ExitCode}}' $N""",
            shows="docker-init\n143",
        ),
        same(
            "run --stop-signal",
            host="""start -d --stop-signal USR1 --name $N busybox sh -c \
                      'trap "echo got; exit 7" USR1; echo up; while :; do sleep 0.1; done' >/dev/null
                    until docker logs $N | grep -q up; do sleep 0.1; done
                    docker stop -t 9 $N >/dev/null; docker logs $N
                    docker inspect -f '{{.State.ExitCode}}' $N""",
            shows="up\ngot\n7",
        ),
        same(
            "run --entrypoint",
            host="start --entrypoint /bin/echo --name $N busybox by entry point",
            shows="by entry point",
        ),
        elsewhere("run --health-cmd", SAME, "integration/docker/lifecycle.py test_health_check"),
        elsewhere(
            "run --restart on-failure:2, always",
            SAME,
            "integration/docker/lifecycle.py test_restart_on_failure_and_always",
        ),
        elsewhere(
            "run --restart always, the daemon stopped and started",
            SAME,
            "integration/docker/daemon_restart.py test_always_comes_back_with_the_daemon",
        ),
        elsewhere(
            "`live-restore`, the daemon stopped and started",
            SAME,
            "integration/docker/daemon_restart.py test_containers_live_on_without_the_daemon",
        ),
    ),
)

ACT = Section(
    "On a running container",
    (
        same(
            "exec",
            host="docker exec $C sh -c 'id; pwd; echo again > /dev/stdout'",
            shows="uid=0.*\n/\nagain",
        ),
        same("exec -u app", host="docker exec -u app $C id", shows="uid=1000"),
        same(
            "exec -u 7:8",
            host="docker exec -u 7:8 $C sh -c 'touch /tmp/of7; stat -c %u:%g /tmp/of7'",
            shows="7:8",
        ),
        same("exec -i, from a pipe", host="echo in | docker exec -i $C cat", shows="in"),
        same("exec -e, -w", host="docker exec -e A=b -w /tmp $C sh -c 'echo $A $PWD'", shows="/tmp"),
        same(
            "exec -d",
            host="""docker exec -d $C touch /tmp/detached
                    for i in $(seq 50); do
                      docker exec $C ls /tmp/detached 2>/dev/null && break; sleep 0.1
                    done""",
            shows="/tmp/detached",
        ),
        elsewhere(
            "exec -t", SAME, "integration/docker/exec_and_update.py "
            "test_exec_passes_standard_input_and_has_a_terminal"
        ),
        hardened(
            "exec --privileged",
            "",
            "CapBnd:\t000000?[13]f|unable to apply caps",
            "CapBnd:\t00000000000004fb",
            "enters with what the container has",
            host="docker exec --privileged $C grep CapBnd /proc/self/status",
        ),
        hardened(
            "top",
            "",
            "^root sleep 300",
            "^[0-9]{7}[+]? sleep 300",
            "the processes' ids on the host",
            host="docker top $C -o pid,user,args | awk 'NR > 1 {print $2, $3, $4}'",
        ),
        same("stats", host="docker stats --no-stream --format '{{.PIDs}}' $C", shows="1"),
        same(
            "pause, unpause",
            host="""docker pause $C >/dev/null; docker inspect -f '{{.State.Status}}' $C
                    docker unpause $C >/dev/null; docker exec $C echo on""",
            shows="paused\non",
        ),
        same(
            "update --memory",
            host="""docker update --memory 64m --memory-swap 64m $C >/dev/null
                    limit $C memory.max memory.limit_in_bytes""",
            shows="67108864",
        ),
        hardened(
            "update --pids-limit -1",
            "",
            "max",
            "^1024$",
            "no limit beyond the profile's",
            host="docker update --pids-limit -1 $C >/dev/null; limit $C pids.max pids.max",
        ),
        same(
            "cp in, running",
            host=f"""packed 1000:1000 640 in | docker cp - $C:/var
                     docker exec $C {OF} /var/in; docker exec $C cat /var/in""",
            shows="1000:1000 640 3\nin",
            why="where the container has looked for that name before, it may see it from the next exec on",
        ),
        same(
            "cp out, running",
            host="""docker exec $C sh -c 'echo out > /var/out; chown 7:8 /var/out'
                    docker cp $C:/var/out - | listed""",
            shows="7/8 4 out",
            why="may be older than what the container sees, until an exec",
        ),
        same(
            "cp out, a directory of the image",
            host="docker cp $C:/home - | listed",
            shows="1000/1000 0 home/app/",
        ),
        same(
            "restart",
            host="docker restart -t 0 $C >/dev/null; docker exec $C cat /var/out",
            shows="out",
        ),
        same(
            "kill, start",
            host="""docker kill $C >/dev/null; docker wait $C
                    docker start $C >/dev/null; docker exec $C cat /var/out""",
            shows="137\nout",
        ),
        same(
            "stop, diff",
            host="""docker exec $C sh -c 'rm -r /var/log; touch /home/app/new'
                    docker stop -t 0 $C >/dev/null; docker diff $C | sort""",
            shows="A /home/app/new\n(.*\n)*A /var/out\n(.*\n)*D /var/log",
            why="of a running container it may be older",
        ),
        same(
            "cp in and out, stopped",
            host=f"""packed 1000:1000 600 late | docker cp - $C:/var
                     docker cp $C:/var/late - | listed
                     docker start $C >/dev/null; docker exec $C {OF} /var/late""",
            shows="1000/1000 5 late\n1000:1000 600 5",
        ),
        same(
            "commit, and run of what it made",
            host=f"""docker commit $C made-$R >/dev/null
                     start --name $N made-$R sh -c '{OF} /var/out /home/app/new; ls /var'""",
            shows="7:8 644 4",
        ),
        same("export", host="docker export $C | listed | sort", shows="7/8 4 var/out"),
        same(
            "rm -f",
            host="""start -d --name $N busybox sleep 300 >/dev/null; docker rm -f $N >/dev/null
                    docker ps -aq -f name=^$N$ | wc -l""",
            shows="0",
        ),
    ),
)

SECTIONS = (START, ACT)
