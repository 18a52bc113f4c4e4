package reports

import (
	"strings"
	"unicode/utf8"
)

// gap stands between columns.
const gap = "  "

// grid is a table of text: the first columns to the left, the others to the right.
type grid struct {
	left   int // columns to the left; 0 means 1
	rows   [][]string
	styles [][]string // ANSI codes, "" without
}

func (g *grid) add(cells, styles []string) {
	g.rows = append(g.rows, cells)
	g.styles = append(g.styles, styles)
}

func (g *grid) widths() []int {
	var widths []int
	for _, row := range g.rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	return widths
}

// String returns the rows, each ended by a newline, without trailing blanks.
func (g *grid) String() string {
	widths := g.widths()
	var out strings.Builder
	for r, row := range g.rows {
		var line strings.Builder
		for i, text := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i < len(g.styles[r]) && g.styles[r][i] != "" {
				text = "\x1b[" + g.styles[r][i] + "m" + text + "\x1b[0m"
			}
			if i == 0 {
				line.WriteString(text + pad)
			} else {
				line.WriteString(gap + pad + text)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " "))
		out.WriteByte('\n')
	}
	return out.String()
}

// shorten cuts the middle out of names beyond width, unless that would make two
// of them equal.
func shorten(names []string, width int) []string {
	short := make([]string, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		short[i] = cut(name, width)
		if seen[short[i]] {
			return plainNames(names)
		}
		seen[short[i]] = true
	}
	return short
}

// cut returns a printable name of at most width characters, its middle left out.
func cut(name string, width int) string {
	runes := []rune(printable(name))
	if len(runes) <= width {
		return string(runes)
	}
	left := width / 2
	return string(runes[:left]) + "…" + string(runes[len(runes)-(width-left-1):])
}

func plainNames(names []string) []string {
	plain := make([]string, len(names))
	for i, name := range names {
		plain[i] = printable(name)
	}
	return plain
}
