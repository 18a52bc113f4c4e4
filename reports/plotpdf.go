package reports

import (
	"bytes"
	"regexp"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdfDate is where a PDF says when it was made.
var pdfDate = regexp.MustCompile(`/(CreationDate|ModDate) \(D:\d{14}\)`)

// undated sets the dates of a PDF, if it is one, to the beginning of 1970: results hold
// no timestamps. The length stays, on which the file's table of offsets depends.
func undated(file []byte) []byte {
	if !bytes.HasPrefix(file, []byte("%PDF")) {
		return file
	}
	return pdfDate.ReplaceAll(file, []byte("/$1 (D:19700101000000)"))
}

// western is a PDF canvas whose fonts know the characters of Windows-1252 alone, a byte
// each; gonum hands text on as UTF-8.
type western struct{ vg.CanvasWriterTo }

// FillString implements vg.Canvas.
func (c western) FillString(face font.Face, at vg.Point, text string) {
	c.CanvasWriterTo.FillString(face, at, westernText(text))
}

// westernText encodes text in Windows-1252; a question mark stands for what it lacks.
func westernText(text string) string {
	var out []byte
	for _, r := range text {
		switch {
		case r < 0x80 || r >= 0xa0 && r <= 0xff:
			out = append(out, byte(r))
		case r == '–':
			out = append(out, 0x96)
		case r == '≤':
			out = append(out, "<="...) // it is not in there
		case r == '…':
			out = append(out, 0x85)
		default:
			out = append(out, '?')
		}
	}
	return string(out)
}
