package workloads

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/workloads/rng"
)

// valid is a spec that the bad ones differ from in one way.
func valid() ArrivalSpec {
	return ArrivalSpec{Trace: "azure-llm-2023-conv", Transform: "modulate", Speed: 30, Rate: 100, Duration: 60 * time.Second}
}

func TestValidSpecs(t *testing.T) {
	for name, spec := range processes() {
		if wrong := spec.Validate(); len(wrong) > 0 {
			t.Errorf("%s: want no error, got %v", name, wrong)
		}
		if newProcess(t, spec).Caveat() == "" {
			t.Errorf("%s: want a caveat, got none", name)
		}
	}
}

func TestBadSpecs(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s *ArrivalSpec)
		want   []string // "key: part of the message"
	}{
		"no process":         {func(s *ArrivalSpec) { *s = ArrivalSpec{Rate: 1, Duration: 1} }, []string{"trace: want either trace or kind"}},
		"two processes":      {func(s *ArrivalSpec) { s.Kind = "poisson" }, []string{"trace: want either trace or kind"}},
		"unknown kind":       {func(s *ArrivalSpec) { *s = ArrivalSpec{Kind: "open", Rate: 1, Duration: 1} }, []string{`kind: want one of poisson, gamma`}},
		"rate of a loop":     {func(s *ArrivalSpec) { *s = ArrivalSpec{Kind: "closed", Clients: 1, Rate: 1, Duration: 1} }, []string{`rate: want neither rate nor load with kind = "closed"`}},
		"no clients":         {func(s *ArrivalSpec) { *s = ArrivalSpec{Kind: "closed", Think: -1, Duration: 1} }, []string{"clients: want 1 to 1048576, got 0", "think: want 0 or more, got -1ns"}},
		"clients of one":     {func(s *ArrivalSpec) { *s = ArrivalSpec{Kind: "mlperf-single-stream", Clients: 1, Duration: 1} }, []string{`clients: want nothing: kind = "mlperf-single-stream" has no such key, got 1`}},
		"no queries":         {func(s *ArrivalSpec) { *s = ArrivalSpec{Kind: "mlperf-offline", Duration: 1} }, []string{"queries: want 1 to 16777216, got 0"}},
		"queries of a loop":  {func(s *ArrivalSpec) { *s = ArrivalSpec{Kind: "closed", Clients: 1, Queries: 1, Duration: 1} }, []string{"queries: want nothing"}},
		"unknown transform":  {func(s *ArrivalSpec) { s.Transform = "stretch" }, []string{`transform: want one of none, compress, modulate, thin, superpose, got "stretch"`}},
		"no transform":       {func(s *ArrivalSpec) { s.Transform = "" }, []string{`transform: want one of`}},
		"unknown trace":      {func(s *ArrivalSpec) { s.Trace = "azure" }, []string{"trace: want a readable trace, got want a file or one of azure-llm-2023-code"}},
		"no rate":            {func(s *ArrivalSpec) { s.Rate = 0 }, []string{"rate: want either rate or load"}},
		"rate and load":      {func(s *ArrivalSpec) { s.Load = 0.5 }, []string{"rate: want either rate or load"}},
		"negative rate":      {func(s *ArrivalSpec) { s.Rate = -1 }, []string{"rate: want 1e-09 to 1e+08, got -1"}},
		"nan rate":           {func(s *ArrivalSpec) { s.Rate = math.NaN() }, []string{"rate: want 1e-09 to 1e+08, got NaN"}},
		"infinite rate":      {func(s *ArrivalSpec) { s.Rate = math.Inf(1) }, []string{"rate: want 1e-09 to 1e+08, got +Inf"}},
		"negative load":      {func(s *ArrivalSpec) { s.Rate, s.Load = 0, -1 }, []string{"load: want 1e-06 to 1000, got -1"}},
		"rate of none":       {func(s *ArrivalSpec) { s.Transform, s.Speed = "none", 0 }, []string{"rate: want neither rate nor load"}},
		"no duration":        {func(s *ArrivalSpec) { s.Duration = 0 }, []string{"duration: want above 0, got 0s"}},
		"window":             {func(s *ArrivalSpec) { s.Window = "end" }, []string{`window: want start or random, got "end"`}},
		"negative speed":     {func(s *ArrivalSpec) { s.Speed = -2 }, []string{"speed: want 1e-06 to 1e+06, got -2"}},
		"negative bin":       {func(s *ArrivalSpec) { s.Bin = -1 }, []string{"bin: want "}},
		"bin over the span":  {func(s *ArrivalSpec) { s.Bin = time.Hour }, []string{"bin: want "}},
		"tiny bin":           {func(s *ArrivalSpec) { s.Bin = time.Nanosecond }, []string{"bin: want "}},
		"copies of modulate": {func(s *ArrivalSpec) { s.Copies = 2 }, []string{`copies: want nothing: transform = "modulate" has no such key, got 2`}},
		"cv of a trace":      {func(s *ArrivalSpec) { s.CV = 2 }, []string{"cv: want nothing"}},
		"speed of compress": {
			func(s *ArrivalSpec) { s.Transform, s.Duration = "compress", 5*time.Second },
			[]string{`speed: want nothing: transform = "compress" has no such key, got 30`},
		},
		"negative copies": {
			func(s *ArrivalSpec) { s.Transform, s.Speed, s.Copies = "superpose", 0, -1 },
			[]string{"copies: want 1 to 65536, got -1"},
		},
		"trace too short": {
			func(s *ArrivalSpec) { s.Duration = 120 * time.Second },
			[]string{"trace: want at least 3600s of it, for 2m0s at speed 30 (a trace is never looped), got 58m21.721937s, which allows a duration of 116.724s"},
		},
		"compressed too far": {
			func(s *ArrivalSpec) { s.Transform, s.Speed, s.Rate = "compress", 0, 7000 },
			[]string{"trace: want at least 75943.6s of it, for 1m0s at speed 1265.73 (a trace is never looped), got 58m21.721937s, which allows a duration of 2.76657s"},
		},
		"thin to more": {
			func(s *ArrivalSpec) { s.Transform, s.Speed = "thin", 1 },
			[]string{"rate: want at most 5.53042, the trace's mean at speed 1, for thin, got 100"},
		},
		"trace too short for a load": {
			func(s *ArrivalSpec) { s.Rate, s.Load, s.Duration = 0, 0.7, 120*time.Second },
			[]string{"trace: want at least 3600s of it"},
		},
		"all at once": {
			func(s *ArrivalSpec) { s.Rate, s.Duration, s.Window, s.CV = -1, -1, "x", 1 },
			[]string{"duration: ", "rate: ", "cv: ", "window: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := valid()
			test.change(&spec)
			checkWrong(t, spec, test.want)
		})
	}
}

func TestBadGenerators(t *testing.T) {
	base := ArrivalSpec{Rate: 10, Duration: 10 * time.Second}
	for name, test := range map[string]struct {
		change func(s *ArrivalSpec)
		want   []string
	}{
		"poisson with cv":   {func(s *ArrivalSpec) { s.Kind, s.CV = "poisson", 1 }, []string{`cv: want nothing: kind = "poisson" has no such key, got 1`}},
		"gamma without cv":  {func(s *ArrivalSpec) { s.Kind = "gamma" }, []string{"cv: want 0.01 to 100, got 0"}},
		"gamma nan":         {func(s *ArrivalSpec) { s.Kind, s.CV = "gamma", math.NaN() }, []string{"cv: want 0.01 to 100, got NaN"}},
		"window of poisson": {func(s *ArrivalSpec) { s.Kind, s.Window = "poisson", "random" }, []string{"window: want nothing"}},
		"bare mmpp":         {func(s *ArrivalSpec) { s.Kind = "mmpp" }, []string{"factor: ", "busy_share: ", "busy_length: "}},
		"bare spike":        {func(s *ArrivalSpec) { s.Kind = "spike" }, []string{"factor: ", "to: want 0 <= from < to <= duration (10s)"}},
		"late spike": {
			func(s *ArrivalSpec) { s.Kind, s.Factor, s.From, s.To = "spike", 2, 5*time.Second, 11*time.Second },
			[]string{"to: want 0 <= from < to <= duration (10s), got from = 5s, to = 11s"},
		},
		"bare diurnal": {func(s *ArrivalSpec) { s.Kind = "diurnal" }, []string{"amplitude: ", "period: "}},
		"negative rate at night": {
			func(s *ArrivalSpec) { s.Kind, s.Amplitude, s.Period = "diurnal", 1.5, time.Second },
			[]string{"amplitude: want 1e-06 to 1, got 1.5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := base
			test.change(&spec)
			checkWrong(t, spec, test.want)
		})
	}
}

func TestBinOfCountsIsAMultiple(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts.csv")
	writeFile(t, file, []byte("arrival_s,count\n0,4\n10,3\n20,9\n"))
	spec := ArrivalSpec{Trace: file, TraceBin: 10 * time.Second, Transform: "modulate", Bin: 15 * time.Second, Rate: 1, Duration: 20 * time.Second}
	checkWrong(t, spec, []string{"bin: want a multiple of the trace's own 10s, got 15s"})
	spec.TraceBin = 0
	checkWrong(t, spec, []string{"trace: want a readable trace, got " + file + ":1: count: want the width of a bin"})
}

// A load is fine to validate, and has to become a rate before arrivals are made.
func TestLoadBecomesARate(t *testing.T) {
	for _, spec := range []ArrivalSpec{valid(), {Kind: "poisson", Rate: 1, Duration: 1}} {
		spec.Rate, spec.Load = 0, 0.7
		if wrong := spec.Validate(); len(wrong) > 0 {
			t.Errorf("want no error, got %v", wrong)
		}
		_, err := NewArrivals(spec, rng.Key{})
		wantError(t, err, "arrivals.rate: want load turned into a rate before arrivals are made, got load = 0.7")
	}
}

// checkWrong wants exactly these errors from Validate, and the same from NewProcess.
func checkWrong(t *testing.T, spec ArrivalSpec, want []string) {
	t.Helper()
	wrong := spec.Validate()
	got := []string{}
	for i, field := range wrong {
		text := field.Error()
		if i < len(want) && strings.Contains(text, want[i]) && strings.HasPrefix(text, strings.SplitAfter(want[i], ":")[0]) {
			text = want[i]
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	_, err := NewProcess(spec)
	var all FieldErrors
	if !errors.As(err, &all) || len(all) != len(wrong) {
		t.Errorf("NewProcess: want the %d errors of Validate, got %v", len(wrong), err)
	}
}
