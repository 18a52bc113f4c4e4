package scenarios

import "strings"

// maxNesting is how deep values may stand in one another, and how many parts a key may have. The
// TOML library takes memory by the square of it: a megabyte of "{a=" would take all that there is.
const maxNesting = 64

// tooNested reports whether brackets stand deeper in one another than maxNesting, or a key has more
// parts. It reads strings and comments as TOML has them up to the first mistake, where the library
// stops too.
func tooNested(text string) bool {
	s := scanner{text: text, line: 1}
	depth, dots := 0, 0
	for s.at < len(s.text) && depth <= maxNesting && dots <= maxNesting {
		switch s.text[s.at] {
		case '"', '\'':
			s.quoted(s.openingQuote())
			continue
		case '#':
			s.until("\n")
			continue
		case '[', '{':
			depth, dots = depth+1, 0
		case ']', '}':
			depth, dots = max(0, depth-1), 0
		case '.':
			dots++
		case '=', ',', '\n':
			dots = 0
		}
		s.at++
	}
	return depth > maxNesting || dots > maxNesting
}

// openingQuote returns the quotes that a string begins with, at which the scanner stands.
func (s *scanner) openingQuote() string {
	one := s.text[s.at : s.at+1]
	if three := strings.Repeat(one, 3); s.peek(three) {
		return three
	}
	return one
}
