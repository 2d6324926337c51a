// SPDX-License-Identifier: Apache-2.0

// What runc makes of a document: encoding/json, one value decoded into the specification's types, what follows it
// not looked at. Standard input is a JSON list of texts in base64; standard output the list of what was read, written
// anew, or null where Go refuses.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func read(text []byte) json.RawMessage {
	var spec specs.Spec
	if json.NewDecoder(bytes.NewReader(text)).Decode(&spec) != nil {
		return nil
	}
	written, err := json.Marshal(spec)
	if err != nil {
		return nil
	}
	return written
}

func main() {
	var texts [][]byte
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		log.Fatal(err)
	}
	results := []json.RawMessage{}
	for _, text := range texts {
		results = append(results, read(text))
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		log.Fatal(err)
	}
}
