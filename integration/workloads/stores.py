# SPDX-License-Identifier: Apache-2.0
"""Servers that keep something for others."""
from workloads.workload import ENTRY, HERE, Workload, command, entrypoint

AMQP = f"client python3 - $port %s <{HERE}/files/amqp.py"
PSQL = "client psql -h 127.0.0.1 -p $port -U postgres -tc"
MARIADB = "client mariadb -h 127.0.0.1 -P $port -u root -e"
MQTT_CONNECT = "\\020\\014\\0\\004MQTT\\004\\002\\0\\074\\0\\0"

WORKLOADS = (
    Workload(
        "redis",
        "redis",
        "redis-server gosu",
        f"RUN mkdir /data\nVOLUME /data\nWORKDIR /data\n{ENTRY}" + command("redis-server", "--protected-mode", "no"),
        6379,
        "printf 'PING\\r\\nQUIT\\r\\n' | talk",
        "PONG",
        "a key",
        "printf 'SET a kept\\r\\nSAVE\\r\\nQUIT\\r\\n' | talk",
        "printf 'GET a\\r\\nQUIT\\r\\n' | talk",
        files={"entrypoint": entrypoint("redis", ".") + 'exec "$@"\n'},
    ),
    Workload(
        "postgres",
        "postgres",
        "postgresql gosu",
        f"""ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN install -d -o postgres -g postgres -m 3777 /var/run/postgresql && install -d -o postgres -g postgres -m 1777 $PGDATA
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
{ENTRY}"""
        + command("postgres", "-c", "listen_addresses=*"),
        5432,
        f"{PSQL} 'select 40 + 2'",
        "42",
        "a row",
        f"{PSQL} \"create table t(a text); insert into t values ('kept')\"",
        f"{PSQL} 'select a from t'",
        files={
            "entrypoint": entrypoint(
                "postgres",
                '"$PGDATA"',
                'mkdir -p "$PGDATA"; chmod 00700 "$PGDATA" || :; mkdir -p /var/run/postgresql || :; chmod 03775 /var/run/postgresql || :',
            )
            + 'if [ ! -s "$PGDATA/PG_VERSION" ]; then\n  initdb -A trust >/dev/null\n'
            + '  echo "host all all all trust" >>"$PGDATA/pg_hba.conf"\nfi\nexec "$@"\n'
        },
    ),
    Workload(
        "mariadb",
        "mariadb",
        "mariadb-server gosu",
        f"""RUN rm -rf /var/lib/mysql && install -d -o mysql -g mysql -m 1777 /var/lib/mysql /run/mysqld
COPY users.sql /docker-entrypoint-initdb.d/users.sql
VOLUME /var/lib/mysql
{ENTRY}"""
        + command("mariadbd", "--bind-address=0.0.0.0", "--skip-name-resolve", "--init-file=/docker-entrypoint-initdb.d/users.sql"),
        3306,
        f"{MARIADB} 'select 40 + 2'",
        "42",
        "a row",
        f"{MARIADB} \"create database d; create table d.t(a text); insert into d.t values ('kept')\"",
        f"{MARIADB} 'select a from d.t'",
        files={
            "users.sql": "create user if not exists root@'%';\ngrant all on *.* to root@'%' with grant option;\n",
            "entrypoint": entrypoint("mysql", "/var/lib/mysql")
            + "[ -d /var/lib/mysql/mysql ] || mariadb-install-db --datadir=/var/lib/mysql >/dev/null\n"
            + 'exec "$@"\n',
        },
        patience=40,
    ),
    Workload(
        "memcached",
        "memcached",
        "memcached",
        "USER memcache\n" + command("memcached"),
        11211,
        "printf 'set a 0 0 4\\r\\nhere\\r\\nget a\\r\\nquit\\r\\n' | talk",
        "here",
    ),
    Workload(
        "rabbitmq",
        "rabbitmq",
        "rabbitmq-server gosu python3-pika",
        f"""VOLUME /var/lib/rabbitmq
COPY defaults.conf /etc/rabbitmq/conf.d/10-defaults.conf
ENV HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
{ENTRY}"""
        + command("/usr/lib/rabbitmq/bin/rabbitmq-server"),
        5672,
        "printf 'AMQP\\0\\0\\11\\1' | talk | tr -cd '[:print:]'",
        "RabbitMQ",
        "a persistent message",
        AMQP % "put kept",
        AMQP % "get",
        files={
            "entrypoint": entrypoint("rabbitmq", "/var/lib/rabbitmq") + 'exec "$@"\n',
            # Its user may come from elsewhere, as in the official image.
            "defaults.conf": "loopback_users.guest = false\n",
        },
        patience=60,
    ),
    Workload(
        "mosquitto",
        "eclipse-mosquitto",
        "mosquitto",
        f"""RUN mkdir -p /mosquitto/data /mosquitto/log
COPY mosquitto.conf /mosquitto/config/mosquitto.conf
VOLUME ["/mosquitto/data", "/mosquitto/log"]
{ENTRY}"""
        + command("/usr/sbin/mosquitto", "-c", "/mosquitto/config/mosquitto.conf"),
        1883,
        # CONNECT with an empty client id, answered by CONNACK.
        f"printf '{MQTT_CONNECT}' | talk | od -An -tx1",
        "20 02 00 00",
        "a retained message",
        # To the topic a, which a subscription gets at once.
        f"printf '{MQTT_CONNECT}\\061\\007\\0\\001akept' | talk",
        f"printf '{MQTT_CONNECT}\\202\\006\\0\\001\\0\\001a\\0' | talk",
        files={
            "entrypoint": '#!/bin/sh\nset -e\nif [ "$(id -u)" = 0 ]; then\n'
            '  [ -d /mosquitto ] && chown -R mosquitto:mosquitto /mosquitto || true\nfi\nexec "$@"\n',
            "mosquitto.conf": "listener 1883\nallow_anonymous true\npersistence true\npersistence_location /mosquitto/data/\n",
        },
    ),
)
