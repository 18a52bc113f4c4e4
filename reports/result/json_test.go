package result

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func number(f float64) *float64 { return &f }

func sampleSummary() *Summary {
	return &Summary{Schema: 1, Title: "<b>", Notes: []string{}, Cells: []Cell{{
		Contender: "x", Class: "all", Window: "all", Replications: 2, Queries: 123456789012,
		Set: map[string]string{"load": "0.7", "bin": "60s"},
		Metrics: map[string]Metric{
			"attainment": {Mean: number(1.0 / 3), Lo: number(0.25), Hi: number(0.4)},
			"p99_ms":     {Missing: Infinite},
		},
		Versus: map[string]Against{"y attainment": {Metric: Metric{Mean: number(-0.00012345678)}, Significant: true}},
	}}}
}

// TestJSONForm pins the form: it is what other programs and diffs read.
func TestJSONForm(t *testing.T) {
	var out bytes.Buffer
	if err := EncodeJSON(&out, sampleSummary()); err != nil {
		t.Fatal(err)
	}
	want := `{
 "schema": 1,
 "title": "\u003cb\u003e",
 "cells": [
  {
   "contender": "x",
   "technique": "",
   "policy": "",
   "class": "all",
   "window": "all",
   "set": {
    "bin": "60s",
    "load": "0.7"
   },
   "replications": 2,
   "queries": 123456789012,
   "metrics": {
    "attainment": {
     "mean": 0.333333,
     "lo": 0.25,
     "hi": 0.4
    },
    "p99_ms": {
     "mean": null,
     "lo": null,
     "hi": null,
     "missing": "infinite"
    }
   },
   "versus": {
    "y attainment": {
     "mean": -0.000123457,
     "lo": null,
     "hi": null,
     "significant": true
    }
   }
  }
 ],
 "notes": []
}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestJSONAgainstStandard decodes what we write and compares with what was meant.
func TestJSONAgainstStandard(t *testing.T) {
	want := Figures{Schema: 1, Fronts: []Front{{Technique: "é\n\"", Points: []FrontPoint{{MeanUS: 1e-9, Accuracy: 1234567.8, Cascade: true}}}},
		CDFs: []CDF{{MS: []float64{1, 2.5}, Share: []float64{0.5, 1}}}, Campaign: Campaign{Machine: map[string]string{"a": "b"}}}
	var out bytes.Buffer
	if err := EncodeJSON(&out, want); err != nil {
		t.Fatal(err)
	}
	var got Figures
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-5, 0), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSONIsFinite(t *testing.T) {
	var out bytes.Buffer
	if err := EncodeJSON(&out, CDF{Contender: "x", MS: []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}}); err != nil {
		t.Fatal(err)
	}
	if want := `"ms": [null,null,null,0]`; !bytes.Contains(out.Bytes(), []byte(want)) || !json.Valid(out.Bytes()) {
		t.Errorf("want %s, got %s", want, out.String())
	}
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	if err := WriteCSV(&out, sampleSummary()); err != nil {
		t.Fatal(err)
	}
	want := "contender,technique,policy,class,window,set.bin,set.load,replications,queries,attainment,attainment_lo,attainment_hi,p99_ms,p99_ms_lo,p99_ms_hi\n" +
		"x,,,all,all,60s,0.7,2,123456789012,0.333333,0.25,0.4,inf,,\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a program keeps to itself is no part of a result.
func TestEncodeJSONLeavesOut(t *testing.T) {
	type inner struct{ Seen int }
	v := struct {
		inner
		Shown  int `json:"shown"`
		hidden int
		Off    int `json:"-"`
	}{inner{1}, 2, 3, 4}
	var out bytes.Buffer
	if err := EncodeJSON(&out, v); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, `"Seen": 1`) || !strings.Contains(got, `"shown": 2`) || strings.Contains(got, "hidden") || strings.Contains(got, "4") {
		t.Errorf("got %s", got)
	}
	_ = v.hidden
}
