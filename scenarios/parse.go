package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"slosim/reports/result"
)

// Load reads a scenario from a file or, when there is no such file, one that ships:
// "quickstart", "quickstart.toml" and "scenarios/quickstart.toml" name the same.
// sets are "key=value" overrides, as Parse takes them. The error is a Problems, or
// what reading the file gave.
func Load(path string, known Known, sets ...string) (*Scenario, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text, known, sets...)
}

// readText returns the text of a scenario's file, or of one that ships.
func readText(path string) ([]byte, error) {
	text, err := result.ReadBounded(path, maxText)
	if errors.Is(err, fs.ErrNotExist) {
		shipped, ok := Shipped(path)
		if !ok {
			return nil, Problems{{File: path, Want: "a file or a scenario that ships",
				Got: "neither" + didYouMean(bareName(path), ShippedNames())}}
		}
		text, err = shipped, nil
	}
	if info, looking := os.Stat(path); err != nil && looking == nil && info.IsDir() {
		return nil, Problems{{File: path, Want: "a file or a scenario that ships", Got: "a folder"}}
	}
	if errors.Is(err, result.ErrTooLong) {
		return nil, Problems{{File: path, Want: fmt.Sprintf("at most %d bytes", maxText), Got: "more"}}
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return text, nil
}

// maxText is the largest scenario: more is another kind of file.
const maxText = 1 << 20

// Parse decodes and checks the text of a scenario; name is the file that messages
// speak of. Each of sets is "key=value" with a key as messages have it and a value as
// TOML has it (a string needs no quotes): "seed=7", "class[0].latency=20ms". They
// apply before anything is checked. The error, if any, is a Problems with everything
// that is wrong.
func Parse(name string, text []byte, known Known, sets ...string) (*Scenario, error) {
	if len(text) > maxText {
		return nil, Problems{{File: name, Want: fmt.Sprintf("at most %d bytes", maxText), Got: fmt.Sprint(len(text))}}
	}
	root, problem := parseTOML(name, string(text))
	if problem != nil {
		return nil, Problems{*problem}
	}
	c := newChecker(name, keyLines(string(text)), known)
	c.override(root, sets)
	s := &Scenario{Name: bareName(name), at: c.at}
	c.table(root, reflect.ValueOf(s).Elem(), "")
	c.resolve(s)
	c.check(s)
	if len(c.problems) > 0 {
		return nil, c.problems.sorted()
	}
	return s, nil
}

// parseTOML reads TOML into generic values.
func parseTOML(name, text string) (map[string]any, *Problem) {
	root := map[string]any{}
	_, err := decodeTOML(text, &root)
	if err == nil {
		return root, nil
	}
	problem := Problem{File: name, Want: "TOML", Got: err.Error()}
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		problem.Line, problem.Got = syntax.Position.Line, shorten(syntax.Message)
	}
	return nil, &problem
}

// decodeTOML calls the library, unless the text is a trap, and makes an error of a panic in it.
func decodeTOML(text string, into *map[string]any) (meta toml.MetaData, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	if tooNested(text) {
		return meta, fmt.Errorf("values or keys nested deeper than %d", maxNesting)
	}
	return toml.Decode(text, into)
}

// bareName returns a file's name without folder and extension.
func bareName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), ".toml")
}
