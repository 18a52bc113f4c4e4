package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Schema is the version of the JSON formats.
const Schema = 1

// Summary reads summary.json.
func (f *Folder) Summary() (*Summary, error) { return ReadSummary(f.Path(SummaryFile)) }

// Manifest reads manifest.json.
func (f *Folder) Manifest() (*Manifest, error) { return ReadManifest(f.Path(ManifestFile)) }

// Figures reads figures.json.
func (f *Folder) Figures() (*Figures, error) { return ReadFigures(f.Path(FiguresFile)) }

// ReadSummary reads a summary.json. A file that is missing, cut off, of another
// schema or not a summary is an error that names the file and what is wrong.
func ReadSummary(path string) (*Summary, error) {
	var s Summary
	err := readJSON(path, &s, []string{"schema", "cells"})
	if err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &s, nil
}

// ReadManifest reads a manifest.json; errors as ReadSummary's.
func ReadManifest(path string) (*Manifest, error) {
	var m Manifest
	if err := readJSON(path, &m, []string{"schema", "scenario_hash", "simulated_queries_per_second"}); err != nil {
		return nil, err
	}
	return &m, nil
}

// ReadFigures reads a figures.json; errors as ReadSummary's.
func ReadFigures(path string) (*Figures, error) {
	var g Figures
	if err := readJSON(path, &g, []string{"schema", "fronts", "timeline", "cdfs"}); err != nil {
		return nil, err
	}
	if err := g.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &g, nil
}

// readJSON decodes a file with one whole JSON object that has the given keys and our schema.
func readJSON(path string, into any, keys []string) error {
	data, err := ReadBounded(path, maxJSON)
	if err != nil {
		return fmt.Errorf("%s: cannot read: %w", path, plainCause(err))
	}
	if err := decodeJSON(data, into, keys); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// decodeJSON decodes the text of such a file.
func decodeJSON(data []byte, into any, keys []string) error {
	var members map[string]json.RawMessage
	if err := decodeWhole(data, &members); err != nil {
		return err
	}
	for _, key := range keys {
		if _, ok := members[key]; !ok {
			return fmt.Errorf("want a key %q, got none: not this kind of result file", key)
		}
	}
	if got := string(members["schema"]); got != fmt.Sprint(Schema) {
		return fmt.Errorf("want schema %d, got %s: written by another version of slosim", Schema, got)
	}
	return decodeWhole(data, into)
}

func decodeWhole(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	switch err := decoder.Decode(into); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("want a whole JSON object, got %d bytes that end early", len(data))
	case err != nil:
		return fmt.Errorf("want JSON of a result, got: %w", err)
	}
	if rest := bytes.TrimSpace(data[decoder.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("want one JSON object, got %d bytes behind it", len(rest))
	}
	return nil
}

// cellWindows are the values of Cell.Window; the first is the sum of the others.
func cellWindows() []string { return []string{"all", "quiet", "interference"} }

func (s *Summary) check() error {
	windows := cellWindows()
	for i, cell := range s.Cells {
		switch {
		case cell.Contender == "" || cell.Class == "":
			return fmt.Errorf("cells[%d]: want a contender and a class, got %q and %q", i, cell.Contender, cell.Class)
		case !slices.Contains(windows, cell.Window):
			return fmt.Errorf("cells[%d].window: want one of %q, got %q", i, windows, cell.Window)
		case cell.Replications < 1:
			return fmt.Errorf("cells[%d].replications: want at least 1, got %d", i, cell.Replications)
		}
	}
	return nil
}

func (g *Figures) check() error {
	for i, t := range g.Timeline {
		n := len(t.Arrived)
		for _, got := range []int{len(t.Met), len(t.Density), len(t.Slowdown), len(t.Believed), len(t.Queue)} {
			if got != n {
				return fmt.Errorf("timeline[%d]: want series of %d bins, got one of %d", i, n, got)
			}
		}
		if n > 0 && !(t.BinS > 0) {
			return fmt.Errorf("timeline[%d].bin_s: want more than 0, got %v", i, t.BinS)
		}
	}
	for i, r := range g.Reliability {
		if r.Technique == "" || len(r.Bins) == 0 {
			return fmt.Errorf("reliability[%d]: want a technique and at least one bin, got %q and %d", i, r.Technique, len(r.Bins))
		}
	}
	for i, c := range g.CDFs {
		if len(c.MS) != len(c.Share) {
			return fmt.Errorf("cdfs[%d]: want as many shares as times, got %d and %d", i, len(c.Share), len(c.MS))
		}
	}
	return nil
}
