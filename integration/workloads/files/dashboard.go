// SPDX-License-Identifier: Apache-2.0

// A server in the shape of Grafana's image: one static Go binary, code and pages in /usr/share/grafana, settings
// in /etc/grafana/grafana.ini, its data base in /var/lib/grafana, its log in /var/log/grafana.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// setting is the value of a key of an .ini file, whatever section it is in.
func setting(path, key string) string {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, found := strings.Cut(lines.Text(), "=")
		if found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	log.Fatalf("%s: no %s", path, key)
	return ""
}

// dashboards are kept in one file, which is replaced as a whole and is on disk before the answer.
type dashboards struct {
	path string
	lock sync.Mutex
}

func (d *dashboards) read() []byte {
	text, err := os.ReadFile(d.path)
	if err != nil && !os.IsNotExist(err) {
		log.Print(err)
	}
	return text
}

func (d *dashboards) add(text []byte) error {
	d.lock.Lock()
	defer d.lock.Unlock()
	file, err := os.CreateTemp(filepath.Dir(d.path), "new")
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err = file.Write(append(d.read(), text...)); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	return os.Rename(file.Name(), d.path)
}

func (d *dashboards) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	log.Print(request.Method, " ", request.URL)
	if request.Method != http.MethodPut {
		answer.Write(d.read())
		return
	}
	text, err := io.ReadAll(request.Body)
	if err == nil {
		err = d.add(text)
	}
	if err != nil {
		log.Print(err)
		http.Error(answer, "not kept", http.StatusInternalServerError)
	}
}

func main() {
	home := flag.String("homepath", "", "where the pages are")
	config := flag.String("config", "", "the .ini file")
	flag.Parse()
	path := filepath.Join(os.Getenv("GF_PATHS_LOGS"), "grafana.log")
	to, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		log.Fatal(err)
	}
	log.SetOutput(io.MultiWriter(os.Stderr, to))
	http.Handle("/", http.FileServer(http.Dir(filepath.Join(*home, "public"))))
	http.Handle("/api/dashboards", &dashboards{path: filepath.Join(os.Getenv("GF_PATHS_DATA"), "dashboards")})
	log.Fatal(http.ListenAndServe(fmt.Sprint(":", setting(*config, "http_port")), nil))
}
