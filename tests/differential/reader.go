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

type document struct {
	Kind string
	Text []byte
}

func empty(kind string) interface{} {
	switch kind {
	case "process":
		return &specs.Process{}
	case "resources":
		return &specs.LinuxResources{}
	}
	return &specs.Spec{}
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
