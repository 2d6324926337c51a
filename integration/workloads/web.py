# SPDX-License-Identifier: Apache-2.0
"""Servers of pages, and the languages that pages are written in."""
from workloads.workload import Workload, command, text

WORKLOADS = (
    Workload(
        "nginx",
        "nginx",
        "nginx-light",
        """RUN rm -f /etc/nginx/sites-enabled/* && install -d -o www-data /var/cache/nginx /usr/share/nginx/html /var/www/notes \\
 && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
COPY site /etc/nginx/conf.d/default.conf
COPY page /usr/share/nginx/html/index.html
STOPSIGNAL SIGQUIT
"""
        + command("nginx", "-g", "daemon off;"),
        80,
        "talk /",
        "served by nginx",
        "a file that was put",
        "talk /notes/a kept",
        "talk /notes/a",
        files={
            "site": "server {\n listen 80;\n root /usr/share/nginx/html;\n client_body_temp_path /var/cache/nginx/client_temp;\n"
            " location /notes/ { root /var/www; dav_methods PUT; }\n}\n",
            "page": "served by nginx\n",
        },
    ),
    Workload(
        "httpd",
        "httpd",
        "apache2",
        """RUN mkdir -p /usr/local/apache2/logs /usr/local/apache2/htdocs
COPY httpd.conf /usr/local/apache2/conf/httpd.conf
COPY page /usr/local/apache2/htdocs/index.html
STOPSIGNAL SIGWINCH
"""
        + command("apache2", "-DFOREGROUND", "-f", "/usr/local/apache2/conf/httpd.conf"),
        80,
        "talk /",
        "served by httpd",
        "its access log",
        "talk '/?kept'",
        "inside cat /usr/local/apache2/logs/access_log",
        files={
            "httpd.conf": "ServerRoot /usr/local/apache2\nServerName localhost\nListen 80\nUser www-data\nGroup www-data\n"
            + "".join(
                f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                for name in ("mpm_event", "authz_core", "dir")
            )
            + "PidFile logs/httpd.pid\nErrorLog /proc/self/fd/2\nTransferLog logs/access_log\n"
            "DocumentRoot /usr/local/apache2/htdocs\nDirectoryIndex index.html\n",
            "page": "served by httpd\n",
        },
    ),
    Workload(
        "haproxy",
        "haproxy",
        "haproxy",
        """RUN install -d -o haproxy -g haproxy /var/lib/haproxy
COPY haproxy.cfg /usr/local/etc/haproxy/haproxy.cfg
USER haproxy
STOPSIGNAL SIGUSR1
"""
        + command("haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"),
        80,
        "talk /",
        "balanced",
        files={
            "haproxy.cfg": "global\n stats socket /var/lib/haproxy/stats\ndefaults\n mode http\n timeout client 5s\n timeout connect 5s\n"
            " timeout server 5s\nfrontend f\n bind *:80\n http-request return status 200 content-type text/plain string balanced\n"
        },
    ),
    Workload(
        "node",
        "node",
        "nodejs",
        "RUN useradd -m -u 1000 node\nUSER node\nWORKDIR /home/node/app\nCOPY server.js .\n" + command("node", "server.js"),
        3000,
        "talk /",
        "served by node",
        "a file in its home",
        "talk / kept",
        "talk /",
        files={"server.js": text("server.js")},
    ),
    Workload(
        "python",
        "python",
        "python3",
        "RUN mkdir /var/lib/notes\nWORKDIR /usr/src/app\nCOPY server.py .\n" + command("python3", "-u", "server.py"),
        8000,
        "talk /",
        "served by python",
        "a row of SQLite",
        "talk / kept",
        "talk /",
        files={"server.py": text("server.py")},
    ),
    Workload(
        "php-fpm",
        "php:fpm",
        "php-fpm libfcgi-bin",
        """RUN mkdir -p /run/php && sed -i 's#^listen = .*#listen = 9000#' /etc/php/8.2/fpm/pool.d/www.conf
WORKDIR /var/www/html
COPY page.php .
"""
        + command("php-fpm8.2", "-F", "-O", "-d", "session.save_path=/tmp"),
        9000,
        "client env SCRIPT_FILENAME=/var/www/html/page.php REQUEST_METHOD=GET cgi-fcgi -bind -connect 127.0.0.1:$port",
        "served by php as www-data",
        "a session in /tmp",
        "client env SCRIPT_FILENAME=/var/www/html/page.php REQUEST_METHOD=GET QUERY_STRING=note=kept"
        " cgi-fcgi -bind -connect 127.0.0.1:$port",
        "client env SCRIPT_FILENAME=/var/www/html/page.php REQUEST_METHOD=GET cgi-fcgi -bind -connect 127.0.0.1:$port",
        files={"page.php": text("page.php")},
    ),
    Workload(
        "tomcat",
        "tomcat",
        "tomcat10",
        """ENV CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/usr/local/tomcat
RUN cd /usr/local && mkdir -p tomcat/logs tomcat/temp tomcat/work tomcat/webapps/ROOT && cp -r /etc/tomcat10 tomcat/conf \\
 && chmod 1777 tomcat/logs tomcat/temp tomcat/work
COPY index.jsp /usr/local/tomcat/webapps/ROOT/index.jsp
WORKDIR /usr/local/tomcat
"""
        + command("/usr/share/tomcat10/bin/catalina.sh", "run"),
        8080,
        "talk /",
        "served by tomcat",
        "a file of a page",
        "talk '/?note=kept'",
        "talk /",
        files={"index.jsp": text("index.jsp")},
        patience=60,
    ),
    Workload(
        "grafana",
        "grafana (a static Go binary)",
        "golang-go",
        """RUN mkdir -p /usr/share/grafana/bin /usr/share/grafana/public /etc/grafana/provisioning /var/lib/grafana/plugins /var/log/grafana \\
 && useradd -u 472 -g 0 -d /usr/share/grafana -M grafana && chown -R grafana:0 /var/lib/grafana /var/log/grafana
COPY dashboard.go /usr/src/dashboard.go
RUN CGO_ENABLED=0 GO111MODULE=off GOCACHE=/tmp/cache go build -o /usr/share/grafana/bin/grafana /usr/src/dashboard.go && rm -r /tmp/cache
COPY page /usr/share/grafana/public/index.html
COPY grafana.ini /etc/grafana/grafana.ini
COPY run.sh /run.sh
RUN chmod 755 /run.sh
ENV PATH=/usr/share/grafana/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin GF_PATHS_CONFIG=/etc/grafana/grafana.ini \\
 GF_PATHS_DATA=/var/lib/grafana GF_PATHS_HOME=/usr/share/grafana GF_PATHS_LOGS=/var/log/grafana GF_PATHS_PLUGINS=/var/lib/grafana/plugins
WORKDIR /usr/share/grafana
USER 472
ENTRYPOINT ["/run.sh"]
""",
        3000,
        "talk /",
        "served by grafana",
        "its data base, a file",
        "talk /api/dashboards kept",
        "talk /api/dashboards",
        files={
            "dashboard.go": text("dashboard.go"),
            "page": "served by grafana\n",
            "grafana.ini": "[server]\nhttp_port = 3000\n",
            "run.sh": "#!/bin/bash\n"
            'for each in "$GF_PATHS_DATA" "$GF_PATHS_LOGS" "$GF_PATHS_PLUGINS"; do\n'
            '  [ -w "$each" ] || echo "$each is not writable" >&2\ndone\n'
            'exec grafana -homepath="$GF_PATHS_HOME" -config="$GF_PATHS_CONFIG" "$@"\n',
        },
    ),
)
