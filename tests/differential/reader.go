// SPDX-License-Identifier: Apache-2.0

// What runc makes of a document: encoding/json, one value decoded into the specification's types, what follows it
// not looked at: a config.json, the process of an exec, the resources of an update. Standard input is a JSON list of
// kinds and texts in base64; standard output the list of what was read, written anew, or null where Go refuses.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// What runtime-spec 1.3 has and Debian 12's package of its types, of 1.0.2 and somewhat more, has not: by config.md and
// config-linux.md, so that all packages read the same.
type process struct {
	specs.Process
	Scheduler *struct {
		Policy   string   `json:"policy,omitempty"`
		Nice     int32    `json:"nice,omitempty"`
		Priority int32    `json:"priority,omitempty"`
		Flags    []string `json:"flags,omitempty"`
		Runtime  uint64   `json:"runtime,omitempty"`
		Deadline uint64   `json:"deadline,omitempty"`
		Period   uint64   `json:"period,omitempty"`
	} `json:"scheduler,omitempty"`
	IOPriority *struct {
		Class    string `json:"class,omitempty"`
		Priority int    `json:"priority,omitempty"`
	} `json:"ioPriority,omitempty"`
	ExecCPUAffinity *struct {
		Initial string `json:"initial,omitempty"`
		Final   string `json:"final,omitempty"`
	} `json:"execCPUAffinity,omitempty"`
}

type linux struct {
	specs.Linux
	NetDevices map[string]struct {
		Name string `json:"name,omitempty"`
	} `json:"netDevices,omitempty"`
	TimeOffsets map[string]struct {
		Secs     int64  `json:"secs,omitempty"`
		Nanosecs uint32 `json:"nanosecs,omitempty"`
	} `json:"timeOffsets,omitempty"`
	MemoryPolicy *struct {
		Mode  string   `json:"mode,omitempty"`
		Nodes string   `json:"nodes,omitempty"`
		Flags []string `json:"flags,omitempty"`
	} `json:"memoryPolicy,omitempty"`
	IntelRdt *struct {
		specs.LinuxIntelRdt
		Schemata         []string `json:"schemata,omitempty"`
		EnableMonitoring bool     `json:"enableMonitoring,omitempty"`
	} `json:"intelRdt,omitempty"`
}

type config struct {
	specs.Spec
	Process *process `json:"process,omitempty"`
	Linux   *linux   `json:"linux,omitempty"`
}

type document struct {
	Kind string
	Text []byte
}

func empty(kind string) interface{} {
	switch kind {
	case "process":
		return &process{}
	case "resources":
		return &specs.LinuxResources{}
	}
	return &config{}
}

func read(given document) json.RawMessage {
	value := empty(given.Kind)
	if json.NewDecoder(bytes.NewReader(given.Text)).Decode(value) != nil {
		return nil
	}
	written, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return written
}

func main() {
	var documents []document
	if err := json.NewDecoder(os.Stdin).Decode(&documents); err != nil {
		log.Fatal(err)
	}
	results := []json.RawMessage{}
	for _, each := range documents {
		results = append(results, read(each))
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		log.Fatal(err)
	}
}
