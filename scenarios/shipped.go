package scenarios

import (
	"embed"
	"path/filepath"
	"strings"
)

//go:embed *.toml
var shipped embed.FS

// folder is where the shipped scenarios stand in the source tree.
const folder = "scenarios"

// ShippedNames lists the scenarios that ship, sorted.
func ShippedNames() []string {
	files, err := shipped.ReadDir(".")
	if err != nil {
		panic("scenarios: embedded files: " + err.Error())
	}
	var list []string
	for _, file := range files {
		list = append(list, strings.TrimSuffix(file.Name(), ".toml"))
	}
	return list
}

// Shipped returns the text of a scenario that ships, by its bare name, its file name,
// or its path from the root of the source tree.
func Shipped(path string) (text []byte, ok bool) {
	path = filepath.ToSlash(filepath.Clean(path))
	name := strings.TrimSuffix(strings.TrimPrefix(path, folder+"/"), ".toml")
	text, err := shipped.ReadFile(name + ".toml")
	return text, err == nil
}

// ShippedScenarios lists the scenarios that ship, each with its question: the first
// line of its header.
func ShippedScenarios() []Entry {
	var entries []Entry
	for _, name := range ShippedNames() {
		text, _ := Shipped(name)
		first, _, _ := strings.Cut(string(text), "\n")
		entries = append(entries, Entry{Name: name, About: strings.TrimSpace(strings.TrimPrefix(first, "#"))})
	}
	return entries
}
