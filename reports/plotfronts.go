package reports

import (
	"io"

	"gonum.org/v1/plot"

	"slosim/reports/result"
)

// WriteFronts draws accuracy against time of techniques over a network, into a file for each
// format of pictures: stem.svg, stem.png and stem.pdf.
func WriteFronts(stem, network string, fronts []result.Front) error {
	p, err := frontPlot(&result.Figures{Fronts: fronts})
	if err != nil || p == nil {
		return err
	}
	p.Title.Text = printable(network) + ": " + p.Title.Text
	return writePicture(stem, p)
}

// writePicture writes a plot as stem.svg, .png and .pdf.
func writePicture(stem string, p *plot.Plot) error {
	for _, format := range plotFormats {
		if err := result.WriteFile(stem+"."+format, func(w io.Writer) error { return render(w, p, format) }); err != nil {
			return err
		}
	}
	return nil
}
