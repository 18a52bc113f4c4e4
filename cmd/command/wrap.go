package command

import (
	"strings"

	"github.com/spf13/cobra"
)

// helpColumns is how wide help is.
const helpColumns = 100

// wrapTree breaks the long texts of a command and all verbs below it into lines that fit.
func wrapTree(cmd *cobra.Command) {
	cmd.Long = wrapped(cmd.Long)
	for _, verb := range cmd.Commands() {
		wrapTree(verb)
	}
}

// wrapped fills paragraphs anew. Lines that begin with a blank are entries of a list: each stays a line of
// its own, and what does not fit goes on below its text.
func wrapped(text string) string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, fill(strings.Join(paragraph, " "), "")...)
		}
		paragraph = nil
	}
	for _, line := range strings.Split(text, "\n") {
		switch {
		case line == "":
			flush()
			out = append(out, "")
		case line[0] == ' ':
			flush()
			out = append(out, entry(line)...)
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
	return strings.Join(out, "\n")
}

// entry wraps "  name    text" below the text.
func entry(line string) []string {
	text := strings.TrimLeft(line, " ")
	hang := len(line) - len(text)
	if i := strings.Index(text, "  "); i >= 0 {
		rest := strings.TrimLeft(text[i:], " ")
		hang = len(line) - len(rest)
	}
	lines := fill(line[hang:], strings.Repeat(" ", hang))
	lines[0] = line[:hang] + lines[0][hang:]
	return lines
}

// fill breaks a text at its blanks into lines that begin with an indent and fit.
func fill(text, indent string) (lines []string) {
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && len([]rune(line))+1+len([]rune(word)) > helpColumns {
			lines = append(lines, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
