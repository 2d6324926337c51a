# SPDX-License-Identifier: Apache-2.0
"""Servers as their official images run them: the same paths, and an entrypoint that starts as root, fixes owners and drops to a user."""
import shlex
from dataclasses import dataclass, field
from pathlib import Path

TALK = Path(__file__).resolve().parent / "talk.py"


@dataclass(frozen=True)
class Workload:
    name: str
    like: str  # the official image whose habits it has
    dockerfile: str
    port: int  # published; 0: it serves nobody
    works: str  # a shell script of the host, with `talk [PATH]` (talk.py) and `inside COMMAND...`, whose output holds `shows`
    shows: str
    writes: str = ""  # likewise; what it stores is read back after a restart
    reads: str = ""
    files: dict[str, str] = field(default_factory=dict)
    patience: int = 20  # seconds until it serves


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


ENTRY = "COPY entrypoint /usr/local/bin/docker-entrypoint.sh\nRUN chmod 755 /usr/local/bin/docker-entrypoint.sh\n" + (
    'ENTRYPOINT ["docker-entrypoint.sh"]\n'
)
FETCH = "talk /"
MQTT_CONNECT = "\\020\\014\\0\\004MQTT\\004\\002\\0\\074\\0\\0"

WORKLOADS = (
    Workload(
        "nginx",
        "nginx",
        """RUN rm -f /etc/nginx/sites-enabled/* && mkdir -p /var/cache/nginx /usr/share/nginx/html \\
 && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
COPY site /etc/nginx/conf.d/default.conf
COPY page /usr/share/nginx/html/index.html
STOPSIGNAL SIGQUIT
"""
        + command("nginx", "-g", "daemon off;"),
        80,
        FETCH,
        "served by nginx",
        files={
            "site": "server { listen 80; root /usr/share/nginx/html; client_body_temp_path /var/cache/nginx/client_temp; }\n",
            "page": "served by nginx\n",
        },
    ),
    Workload(
        "httpd",
        "httpd",
        """RUN mkdir -p /usr/local/apache2/logs /usr/local/apache2/htdocs
COPY httpd.conf /usr/local/apache2/conf/httpd.conf
COPY page /usr/local/apache2/htdocs/index.html
STOPSIGNAL SIGWINCH
"""
        + command("apache2", "-DFOREGROUND", "-f", "/usr/local/apache2/conf/httpd.conf"),
        80,
        FETCH,
        "served by httpd",
        files={
            "httpd.conf": "ServerRoot /usr/local/apache2\nServerName localhost\nListen 80\nUser www-data\nGroup www-data\n"
            + "".join(
                f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                for name in ("mpm_event", "authz_core", "dir")
            )
            + "PidFile logs/httpd.pid\nErrorLog /proc/self/fd/2\nDocumentRoot /usr/local/apache2/htdocs\nDirectoryIndex index.html\n",
            "page": "served by httpd\n",
        },
    ),
    Workload(
        "redis",
        "redis",
        f"RUN mkdir /data\nVOLUME /data\nWORKDIR /data\n{ENTRY}" + command("redis-server", "--protected-mode", "no"),
        6379,
        "printf 'PING\\r\\nQUIT\\r\\n' | talk",
        "PONG",
        "printf 'SET a kept\\r\\nSAVE\\r\\nQUIT\\r\\n' | talk",
        "printf 'GET a\\r\\nQUIT\\r\\n' | talk",
        files={"entrypoint": entrypoint("redis", ".") + 'exec "$@"\n'},
    ),
    Workload(
        "postgres",
        "postgres",
        f"""ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN install -d -o postgres -g postgres -m 3777 /var/run/postgresql && install -d -o postgres -g postgres -m 1777 $PGDATA
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
{ENTRY}"""
        + command("postgres", "-c", "listen_addresses=*"),
        5432,
        "inside psql -U postgres -tc 'select 40 + 2'",
        "42",
        "inside psql -U postgres -tc \"create table t(a text); insert into t values ('kept')\"",
        "inside psql -U postgres -tc 'select a from t'",
        files={
            "entrypoint": entrypoint(
                "postgres",
                '"$PGDATA"',
                'mkdir -p "$PGDATA"; chmod 00700 "$PGDATA" || :; mkdir -p /var/run/postgresql || :; chmod 03775 /var/run/postgresql || :',
            )
            + '[ -s "$PGDATA/PG_VERSION" ] || initdb -A trust >/dev/null\nexec "$@"\n'
        },
    ),
    Workload(
        "mariadb",
        "mariadb",
        f"""RUN rm -rf /var/lib/mysql && install -d -o mysql -g mysql -m 1777 /var/lib/mysql /run/mysqld
VOLUME /var/lib/mysql
{ENTRY}"""
        + command("mariadbd", "--bind-address=0.0.0.0"),
        3306,
        "inside mariadb -e 'select 40 + 2'",
        "42",
        "inside mariadb -e \"create database d; create table d.t(a text); insert into d.t values ('kept')\"",
        "inside mariadb -e 'select a from d.t'",
        files={
            "entrypoint": entrypoint("mysql", "/var/lib/mysql")
            + "[ -d /var/lib/mysql/mysql ] || mariadb-install-db --datadir=/var/lib/mysql >/dev/null\n"
            + 'exec "$@"\n'
        },
        patience=40,
    ),
    Workload(
        "memcached",
        "memcached",
        "USER memcache\n" + command("memcached"),
        11211,
        "printf 'set a 0 0 4\\r\\nkept\\r\\nget a\\r\\nquit\\r\\n' | talk",
        "kept",
    ),
    Workload(
        "haproxy",
        "haproxy",
        """RUN install -d -o haproxy -g haproxy /var/lib/haproxy
COPY haproxy.cfg /usr/local/etc/haproxy/haproxy.cfg
USER haproxy
STOPSIGNAL SIGUSR1
"""
        + command("haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"),
        80,
        FETCH,
        "balanced",
        files={
            "haproxy.cfg": "global\n stats socket /var/lib/haproxy/stats\ndefaults\n mode http\n timeout client 5s\n timeout connect 5s\n"
            " timeout server 5s\nfrontend f\n bind *:80\n http-request return status 200 content-type text/plain string balanced\n"
        },
    ),
    Workload(
        "rabbitmq",
        "rabbitmq",
        f"""VOLUME /var/lib/rabbitmq
ENV HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
{ENTRY}"""
        + command("/usr/lib/rabbitmq/bin/rabbitmq-server"),
        5672,
        "printf 'AMQP\\0\\0\\11\\1' | talk | tr -cd '[:print:]'",
        "RabbitMQ",
        files={"entrypoint": entrypoint("rabbitmq", "/var/lib/rabbitmq") + 'exec "$@"\n'},
        patience=60,
    ),
    Workload(
        "mosquitto",
        "eclipse-mosquitto",
        f"""RUN mkdir -p /mosquitto/data /mosquitto/log
COPY mosquitto.conf /mosquitto/config/mosquitto.conf
VOLUME ["/mosquitto/data", "/mosquitto/log"]
{ENTRY}"""
        + command("/usr/sbin/mosquitto", "-c", "/mosquitto/config/mosquitto.conf"),
        1883,
        # CONNECT with an empty client id, answered by CONNACK.
        f"printf '{MQTT_CONNECT}' | talk | od -An -tx1",
        "20 02 00 00",
        # A retained message to the topic a, which a subscription gets at once.
        f"printf '{MQTT_CONNECT}\\061\\007\\0\\001akept' | talk",
        f"printf '{MQTT_CONNECT}\\202\\006\\0\\001\\0\\001a\\0' | talk",
        files={
            "entrypoint": '#!/bin/sh\nset -e\nif [ "$(id -u)" = 0 ]; then\n'
            '  [ -d /mosquitto ] && chown -R mosquitto:mosquitto /mosquitto || true\nfi\nexec "$@"\n',
            "mosquitto.conf": "listener 1883\nallow_anonymous true\npersistence true\npersistence_location /mosquitto/data/\n",
        },
    ),
    Workload(
        "node",
        "node",
        "RUN useradd -m -u 1000 node\nUSER node\nWORKDIR /home/node/app\nCOPY server.js .\n" + command("node", "server.js"),
        3000,
        FETCH,
        "times kept",
        files={
            "server.js": "const fs = require('fs');\nrequire('http').createServer((q, r) => {\n"
            "  fs.appendFileSync('/home/node/count', '.');\n"
            "  r.end(fs.readFileSync('/home/node/count').length + ' times kept\\n');\n}).listen(3000);\n"
        },
    ),
    Workload(
        "python",
        "python",
        "WORKDIR /usr/src/app\nCOPY page index.html\n" + command("python3", "-m", "http.server", "8000"),
        8000,
        FETCH,
        "served by python",
        files={"page": "served by python\n"},
    ),
    Workload(
        "php-fpm",
        "php:fpm",
        """RUN mkdir -p /run/php && sed -i 's#^listen = .*#listen = 9000#' /etc/php/8.2/fpm/pool.d/www.conf
WORKDIR /var/www/html
COPY page.php .
"""
        + command("php-fpm8.2", "-F", "-O"),
        9000,
        "inside env SCRIPT_FILENAME=/var/www/html/page.php REQUEST_METHOD=GET cgi-fcgi -bind -connect 127.0.0.1:9000",
        "served by php as www-data",
        files={"page.php": "<?php echo 'served by php as ' . posix_getpwuid(posix_geteuid())['name'];\n"},
    ),
    Workload(
        "tomcat",
        "tomcat",
        """ENV CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/usr/local/tomcat
RUN cd /usr/local && mkdir -p tomcat/logs tomcat/temp tomcat/work tomcat/webapps/ROOT && cp -r /etc/tomcat10 tomcat/conf \\
 && chmod 1777 tomcat/logs tomcat/temp tomcat/work
COPY page /usr/local/tomcat/webapps/ROOT/index.html
WORKDIR /usr/local/tomcat
"""
        + command("/usr/share/tomcat10/bin/catalina.sh", "run"),
        8080,
        FETCH,
        "served by tomcat",
        files={"page": "served by tomcat\n"},
        patience=60,
    ),
    Workload(
        "cron",
        "an image of cron",
        "RUN echo '* * * * * root date > /var/log/ran' > /etc/cron.d/ran\n" + command("cron", "-f"),
        0,
        "inside cat /var/log/ran",
        " 20",
        patience=75,
    ),
)


def script(workload: Workload, words: str, container: str, port: str) -> list[str]:
    """`words` for a shell of the host."""
    inside = f'inside() {{ docker exec {shlex.quote(container)} "$@"; }}'
    talk = f'talk() {{ python3 {shlex.quote(str(TALK))} {shlex.quote(port)} "$@"; }}'
    return ["bash", "-c", f"{inside}\n{talk}\n{words}"]
