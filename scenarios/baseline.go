package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"slosim/reports"
	"slosim/reports/result"
)

// baseline are stored means of what assertions are about. A run of the same seed is compared replication
// by replication: they share their draws.
type baseline struct {
	Schema int                  `json:"schema"`
	Seed   int64                `json:"seed"`
	Means  map[string]float64   `json:"means"`
	Values map[string][]float64 `json:"values"` // by replication
}

// baselineFile stands beside the scenario.
func (s *Scenario) baselineFile() string {
	return strings.TrimSuffix(s.given(), ".toml") + baselineEnding
}

// given is the scenario's path as it was given.
func (s *Scenario) given() string { return s.problem("", "", "").File }

// baselineEnding is in the place of a scenario's .toml.
const baselineEnding = ".baseline.json"

// key names what an assertion is about in a baseline.
func (a *Assert) key() string {
	return strings.Join([]string{a.Contender, a.Class, a.Window, a.Metric}, " | ")
}

// within is the tolerance around a stored mean.
func (a *Assert) within(mean float64) float64 {
	size, relative, _ := parseWithin(a.Within)
	if relative {
		return size * mean
	}
	return size
}

// parseWithin reads "1pt", a percentage point of a share, or "5%" of the value.
func parseWithin(text string) (size float64, relative, ok bool) {
	number, point := strings.CutSuffix(text, "pt")
	if !point {
		number, relative = strings.CutSuffix(text, "%")
	}
	size, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return size / 100, relative, err == nil && (point || relative) && size > 0 && size <= 1e6
}

func (s *Scenario) readBaseline() (b baseline, err error) {
	text, err := result.ReadBounded(s.baselineFile(), maxText)
	if errors.Is(err, fs.ErrNotExist) {
		return b, Usagef("%s: want the baseline that within refers to, got no file (slosim check --update writes it)", s.baselineFile())
	}
	if errors.Is(err, result.ErrTooLong) {
		return b, UsageError{Err: err}
	}
	if err != nil {
		return b, err
	}
	if b, err = parseBaseline(text); err != nil {
		return b, Usagef("%s: %w (slosim check --update writes it)", s.baselineFile(), err)
	}
	return b, nil
}

// parseBaseline reads a baseline's text. What check did not write is an error: a wrong number would be
// judged like a right one.
func parseBaseline(text []byte) (b baseline, err error) {
	var any struct {
		Schema json.RawMessage `json:"schema"`
	}
	err = json.Unmarshal(text, &any)
	switch schema := string(any.Schema); {
	case err != nil:
	case schema == "":
		return b, fmt.Errorf("want a baseline of schema %d, got a file without a schema", result.Schema)
	case schema != strconv.Itoa(result.Schema):
		return b, fmt.Errorf("want a baseline of schema %d, got one of schema %s", result.Schema, shorten(schema))
	}
	var raw rawBaseline
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&raw)
	}
	if err != nil {
		return b, fmt.Errorf("want a baseline, got %s", inWords(err))
	}
	return raw.checked()
}

// inWords says what the JSON library found, without names of Go types.
func inWords(err error) string {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		where := "in place of an object"
		if wrong.Field != "" {
			where = "at " + wrong.Field
		}
		return wrong.Value + " " + where
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// rawBaseline has null where JSON may have it.
type rawBaseline struct {
	Schema int                   `json:"schema"`
	Seed   int64                 `json:"seed"`
	Means  map[string]*float64   `json:"means"`
	Values map[string][]*float64 `json:"values"`
}

// checked is the baseline if each number of it can be one.
func (r *rawBaseline) checked() (b baseline, err error) {
	b = baseline{Schema: r.Schema, Seed: r.Seed, Means: map[string]float64{}, Values: map[string][]float64{}}
	if len(r.Means) == 0 {
		return b, errors.New("want means, got none")
	}
	for _, key := range slices.Sorted(maps.Keys(r.Means)) {
		if b.Means[key], err = possibleValue(key, r.Means[key]); err != nil {
			return b, fmt.Errorf("means: %q: %w", key, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.Values)) {
		for _, v := range r.Values[key] {
			value, err := possibleValue(key, v)
			if err != nil {
				return b, fmt.Errorf("values: %q: %w", key, err)
			}
			b.Values[key] = append(b.Values[key], value)
		}
		if err := b.fits(key); err != nil {
			return b, fmt.Errorf("values: %q: %w", key, err)
		}
	}
	return b, b.even()
}

// possibleValue is a number that the metric of a key can have: none is below 0, and no share above 1.
func possibleValue(key string, v *float64) (float64, error) {
	metric := key[strings.LastIndex(key, " ")+1:]
	switch {
	case v == nil:
		return 0, errors.New("want a number, got null")
	case reports.IsShare(metric) && !(*v >= 0 && *v <= 1):
		return 0, fmt.Errorf("want 0 to 1, of a share, got %v", *v)
	case !(*v >= 0):
		return 0, fmt.Errorf("want 0 or more, got %v", *v)
	}
	return *v, nil
}

// fits makes sure that a key's values are those of its mean, but for the digits that are written.
func (b *baseline) fits(key string) error {
	mean, ok := b.Means[key]
	if !ok {
		return errors.New("want a mean of them, got none")
	}
	if len(b.Values[key]) == 0 {
		return errors.New("want a value a replication, got none")
	}
	if got, _, _ := reports.StudentT(b.Values[key]); math.Abs(got-mean) > 2e-5*mean {
		return fmt.Errorf("want values of the mean %s, got %d of %s", result.FormatFloat(mean), len(b.Values[key]), result.FormatFloat(got))
	}
	return nil
}

// even makes sure that there are as many values of each key: they are of the same replications.
func (b *baseline) even() error {
	first := ""
	for _, key := range slices.Sorted(maps.Keys(b.Values)) {
		if first == "" {
			first = key
		}
		if got, want := len(b.Values[key]), len(b.Values[first]); got != want {
			return fmt.Errorf("values: %q: want %d, as of %q, got %d", key, want, first, got)
		}
	}
	return nil
}

// wantBaseline says what is missing for a baseline to be made; nil if nothing is.
func (s *Scenario) wantBaseline() error {
	if slices.ContainsFunc(s.Asserts, func(a Assert) bool { return a.Within != "" }) {
		return nil
	}
	return Problems{s.problem("assert", "an assertion with within, to make a baseline for", "none")}
}

// keepBaseline writes the means of what assertions with within are about.
func (s *Scenario) keepBaseline(sound []reports.Contender, asserts []reports.Assertion) error {
	b := baseline{Schema: result.Schema, Seed: s.Seed, Means: map[string]float64{}, Values: map[string][]float64{}}
	for i := range s.Asserts {
		if s.Asserts[i].Within == "" {
			continue
		}
		values, mean, err := reports.ValuesOf(sound, asserts[i])
		if err != nil {
			return err
		}
		b.Means[s.Asserts[i].key()], b.Values[s.Asserts[i].key()] = mean, values
	}
	return result.WriteFile(s.baselineFile(), func(w io.Writer) error { return result.EncodeJSON(w, b) })
}
