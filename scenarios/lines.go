package scenarios

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// place is where a key stands.
type place struct {
	file string
	line int
}

// keyLine is one key as it appears in the text: Key as toml.MetaData.Keys has it,
// and path with the indexes of lists.
type keyLine struct {
	key  toml.Key
	path string
	line int
}

// keyLines lists the keys of a TOML text in order, with their lines. The text must
// be one that the TOML library accepts; of any other the result means nothing, but
// it does not panic. (The library keeps the lines to itself.)
func keyLines(text string) []keyLine {
	s := scanner{text: text, line: 1, tables: map[string]int{}}
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if strings.HasPrefix(text, mark) {
			s.at = len(mark)
			break
		}
	}
	for s.blank(true); s.at < len(s.text); s.blank(true) {
		s.statement()
	}
	return s.found
}

// scanner walks over a TOML text.
type scanner struct {
	text   string
	at     int
	line   int
	key    toml.Key       // of the table in force
	path   string         // the same with indexes
	tables map[string]int // how many [[tables]] a path has had
	found  []keyLine
}

// peek reports whether the rest begins with s.
func (s *scanner) peek(prefix string) bool { return strings.HasPrefix(s.text[s.at:], prefix) }

// step moves n bytes on and counts the lines.
func (s *scanner) step(n int) {
	end := min(s.at+n, len(s.text))
	s.line += strings.Count(s.text[s.at:end], "\n")
	s.at = end
}

// until moves to the next of the characters, or to the end.
func (s *scanner) until(chars string) {
	n := strings.IndexAny(s.text[s.at:], chars)
	if n < 0 {
		n = len(s.text) - s.at
	}
	s.step(n)
}

// blank skips white space and comments, and line ends too if asked.
func (s *scanner) blank(lines bool) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ' || c == '\t' || c == '\r' || (c == '\n' && lines):
			s.step(1)
		case c == '#' && lines:
			s.until("\n")
		default:
			return
		}
	}
}

// statement reads a header or a key with its value. It always moves on.
func (s *scanner) statement() {
	if s.text[s.at] == '[' {
		s.header()
		return
	}
	s.pair(s.key, s.path)
}

// header reads [a.b] or [[a.b]] and makes it the table in force.
func (s *scanner) header() {
	list := s.peek("[[")
	for s.peek("[") {
		s.step(1)
	}
	line := s.line
	parts := s.parts()
	s.until("\n")
	s.key, s.path = parts, ""
	for i, part := range parts {
		s.path = join(s.path, part)
		n, seen := s.tables[s.path]
		if last := i == len(parts)-1; last && list {
			s.tables[s.path] = n + 1
			s.path = fmt.Sprintf("%s[%d]", s.path, n)
		} else if seen {
			s.path = fmt.Sprintf("%s[%d]", s.path, n-1)
		}
	}
	s.found = append(s.found, keyLine{s.key, s.path, line})
}

// pair reads "a.b = value" inside a table.
func (s *scanner) pair(key toml.Key, path string) {
	start, line := s.at, s.line
	parts := s.parts()
	for _, part := range parts {
		key = append(key[:len(key):len(key)], part)
		path = join(path, part)
	}
	s.found = append(s.found, keyLine{key, path, line})
	if s.blank(false); s.peek("=") {
		s.step(1)
	}
	s.blank(false)
	s.value(key, path)
	if s.at == start {
		s.step(1) // not TOML: at least move on
	}
}

// parts reads the parts of a dotted key.
func (s *scanner) parts() toml.Key {
	var key toml.Key
	for s.blank(false); s.at < len(s.text); s.blank(false) {
		start := s.at
		switch {
		case s.peek(`"`), s.peek("'"):
			s.quoted(s.text[s.at : s.at+1])
			key = append(key, unquote(s.text[start:s.at]))
		default:
			s.until(" \t\r\n.=]\"'#")
			key = append(key, s.text[start:s.at])
		}
		if s.blank(false); !s.peek(".") {
			break
		}
		s.step(1)
	}
	return key
}

// unquote decodes a quoted key as the library does.
func unquote(quoted string) string {
	var v struct{ K string }
	if _, err := toml.Decode("k = "+quoted, &v); err != nil {
		return quoted
	}
	return v.K
}

// quoted reads a string from its opening quote to its closing one, which may be
// one quote or three.
func (s *scanner) quoted(quote string) {
	s.step(len(quote))
	for s.at < len(s.text) {
		switch {
		case quote[0] == '"' && s.peek(`\`):
			s.step(2)
		case s.peek(quote):
			s.step(len(quote))
			for i := 0; i < 2 && len(quote) == 3 && s.peek(quote[:1]); i++ {
				s.step(1) // """a""""" ends with the last of up to five quotes
			}
			return
		case len(quote) == 1 && s.peek("\n"):
			return
		default:
			s.step(1)
		}
	}
}

// value reads a value and the keys of the inline tables in it.
func (s *scanner) value(key toml.Key, path string) {
	for _, quote := range []string{`"""`, "'''", `"`, "'"} {
		if s.peek(quote) {
			s.quoted(quote)
			return
		}
	}
	switch {
	case s.peek("["):
		s.list(key, path)
	case s.peek("{"):
		s.inline(key, path)
	default:
		s.until(",]}#\n")
	}
}

// list reads [a, b, ...]. Its elements have the list's key.
func (s *scanner) list(key toml.Key, path string) {
	s.step(1)
	for i := 0; s.at < len(s.text); {
		s.blank(true)
		switch start := s.at; {
		case s.peek("]"):
			s.step(1)
			return
		case s.peek(","):
			s.step(1)
			i++
		default:
			if s.value(key, fmt.Sprintf("%s[%d]", path, i)); s.at == start {
				s.step(1) // not TOML: at least move on
			}
		}
	}
}

// inline reads {a = 1, b = 2}.
func (s *scanner) inline(key toml.Key, path string) {
	s.step(1)
	for s.at < len(s.text) {
		s.blank(true)
		switch {
		case s.peek("}"):
			s.step(1)
			return
		case s.peek(","):
			s.step(1)
		default:
			if s.at < len(s.text) {
				s.pair(key, path)
			}
		}
	}
}

// join appends a part to a path.
func join(path, part string) string {
	part = toml.Key{part}.String()
	if path == "" {
		return part
	}
	return path + "." + part
}
