package workloads

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// sameSet compares sets to the bit.
func sameSet(want, got *SparseSet) string {
	return cmp.Diff(want, got, cmp.AllowUnexported(SparseSet{}), cmpopts.EquateEmpty())
}

func readXMC(text string) (*SparseSet, error) { return ReadXMC("f", strings.NewReader(text)) }

func TestReadXMC(t *testing.T) {
	want := &SparseSet{Name: "f", Features: 10, Classes: 4}
	want.add([]int32{2, 5}, []float32{1, -0.25}, []int32{0, 3})
	want.add([]int32{9}, []float32{1e-5}, nil)
	want.add(nil, nil, []int32{1})
	want.add(nil, nil, nil)
	for name, text := range map[string]string{
		"plain":                "4 10 4\n0,3 2 5:-0.25\n 9:1e-5\n1 \n \n",
		"any order":            "4 10 4\n3,0 5:-0.25 2:1\n 9:0.00001\n1 \n \n",
		"CRLF":                 "4 10 4\r\n0,3 2 5:-0.25\r\n 9:1e-5\r\n1 \r\n \r\n",
		"no end of last line":  "4 10 4\n0,3 2 5:-0.25\n 9:1e-5\n1 \n ",
		"zeros left out":       "4 10 4\n0,3 2 3:0 5:-0.25 6:-0\n 9:1e-5\n1 7:1e-60\n 1:0.0\n",
		"spaces end the lines": "4 10 4 \n0,3 2 5:-0.25 \n 9:1e-5  \n1  \n  \n",
	} {
		got, err := readXMC(text)
		if diff := sameSet(want, got); diff != "" || err != nil {
			t.Errorf("%s (-want +got): %s, error %v", name, diff, err)
		}
	}
}

func TestReadXMCBadInput(t *testing.T) {
	const head = "1 10 5\n"
	const header = "f:1: header: want samples, features and labels, three numbers, got "
	for _, test := range []struct{ text, want string }{
		{"", header + `""`},
		{"1 2\n", header + `"1 2"`},
		{"1 2 3 4\n1 1\n", header + `"1 2 3 4"`},
		{"0 x 100000001\n", "f:1: samples: want 1..100000000, got \"0\"\nf:1: features: want 1..100000000, got \"x\"\nf:1: labels: want 1..100000000, got \"100000001\""},
		{"1 -2 99999999999999999999\n", "f:1: features: want 1..100000000, got \"-2\"\nf:1: labels: want 1..100000000, got \"99999999999999999999\""},
		{"2 10 5\n1 2\n", "f:3: samples: want 2, as line 1 says, got 1: the file ends"},
		{"1 10 5\n1 2\n3 4\n", "f:3: samples: want 1, as line 1 says, got more lines"},
		{"1 10 5\n1 2\n\n", "f:3: samples: want 1, as line 1 says, got more lines"},
		{head + "\n", `f:2: sample: want labels, a space and features, got ""`},
		{head + "3\n", `f:2: sample: want labels, a space and features, got "3"`},
		{head + "3:1\n", `f:2: sample: want labels, a space and features, got "3:1"`},
		{head + "3:1 4:1\n", `f:2: label: want 0..4, got "3:1"`},
		{head + "5 1\n", `f:2: label: want 0..4, got "5"`},
		{head + "-1 1\n", `f:2: label: want 0..4, got "-1"`},
		{head + "1,,2 1\n", `f:2: label: want 0..4, got ""`},
		{head + "1, 1\n", `f:2: label: want 0..4, got ""`},
		{head + ", 1\n", "f:2: label: want 0..4, got \"\"\nf:2: label: want 0..4, got \"\""},
		{head + "1.0 1\n", `f:2: label: want 0..4, got "1.0"`},
		{head + "1,3,1 1\n", "f:2: label: want each once, got 1 again"},
		{head + "1 10:2\n", `f:2: feature: want 0..9, got "10"`},
		{head + "1 4294967297\n", `f:2: feature: want 0..9, got "4294967297"`},
		{head + "1 +2\n", `f:2: feature: want 0..9, got "+2"`},
		{head + "1 -2:1\n", `f:2: feature: want 0..9, got "-2"`},
		{head + "1 2  3\n", `f:2: feature: want 0..9, got ""`},
		{head + "1 2\t3\n", `f:2: feature: want 0..9, got "2\t3"`},
		{head + "1 :3\n", `f:2: feature: want 0..9, got ""`},
		{head + "1 2 4 2:3\n", "f:2: feature: want each once, got 2 again"},
		{head + "1 2:0 2:3\n", "f:2: feature: want each once, got 2 again"},
		{head + "1 3:\n", `f:2: value: want a finite number, got ""`},
		{head + "1 3:x\n", `f:2: value: want a finite number, got "x"`},
		{head + "1 3:1:2\n", `f:2: value: want a finite number, got "1:2"`},
		{head + "1 3:nan\n", `f:2: value: want a finite number, got "nan"`},
		{head + "1 3:-Inf\n", `f:2: value: want a finite number, got "-Inf"`},
		{head + "1 3:1e39\n", `f:2: value: want a finite number, got "1e39"`},
		{head + "1 3:0x1p-2\n", `f:2: value: want a finite number, got "0x1p-2"`},
		{head + "1 3:" + strings.Repeat("y", 50), `f:2: value: want a finite number, got "` + strings.Repeat("y", 40) + `"...`},
		{"2 10 5\n1 2:z\n7 3\n", "f:2: value: want a finite number, got \"z\"\nf:3: label: want 0..4, got \"7\""},
		{"\x1f\x8b\x00\x00", "f:1: file: want plain text or gzip, got gzip: unexpected EOF"},
	} {
		set, err := readXMC(test.text)
		if err == nil || err.Error() != test.want || set != nil {
			t.Errorf("%q: want %q, got %v", test.text, test.want, err)
		}
	}
}

func TestReadXMCStopsAtTenProblems(t *testing.T) {
	_, err := readXMC("20 10 5\n" + strings.Repeat("5,6,7 1\n", 20))
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 10 || lines[9] != `f:5: label: want 0..4, got "5"` {
		t.Errorf("want 10 problems, the last in line 5, got %q", lines)
	}
}

// A header costs no memory, and neither does a line without an end.
func TestReadXMCTakesMemoryAsLinesCome(t *testing.T) {
	_, err := readXMC("100000000 100000000 100000000\n")
	wantError(t, err, "f:2: samples: want 100000000, as line 1 says, got 0: the file ends")
	endless := io.MultiReader(strings.NewReader("1 10 5\n1 "), endlessly('1'))
	_, err = ReadXMC("f", endless)
	wantError(t, err, "f:2: line: want at most 67108864 bytes, got more")
}

// endlessly reads as one byte for ever.
type endlessly byte

func (e endlessly) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// Lines longer than the reader's own memory are read whole.
func TestReadXMCLongLines(t *testing.T) {
	want := &SparseSet{Name: "f", Features: 400_000, Classes: 2}
	ids, values := make([]int32, 400_000), make([]float32, 400_000)
	for i := range ids {
		ids[i], values[i] = int32(i), float32(i+1)
	}
	want.add(ids, values, []int32{1})
	want.add(ids[:1], values[:1], nil)
	want.add(ids, values, []int32{0})
	var file bytes.Buffer
	if err := WriteXMC(&file, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadXMC("f", &file)
	if err != nil || !slices.Equal(want.ids, got.ids) || !slices.Equal(want.values, got.values) || !slices.Equal(want.labels, got.labels) {
		t.Errorf("want the set as written, got %d samples, error %v", got.Len(), err)
	}
}

func TestReadXMCGzip(t *testing.T) {
	file := compressed(t, "2 10 5\n1 2:3\n2 4\n")
	set, err := ReadXMC("f", bytes.NewReader(file))
	if err != nil || set.Len() != 2 {
		t.Fatalf("want 2 samples, got %v, error %v", set, err)
	}
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"truncated":        {file[:len(file)-10], "unexpected EOF"},
		"without its sum":  {file[:len(file)-4], "f:4: line: want to read it, got unexpected EOF"},
		"wrong sum":        {append(file[:len(file)-8:len(file)-8], make([]byte, 8)...), "f:4: line: want to read it, got gzip: invalid checksum"},
		"trailing garbage": {append(file[:len(file):len(file)], "more"...), "f:4: line: want to read it, got "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadXMC("f", bytes.NewReader(test.file))
			wantError(t, err, "f:", test.want)
		})
	}
}

func compressed(t testing.TB, text string) []byte {
	t.Helper()
	var file bytes.Buffer
	out := gzip.NewWriter(&file)
	if _, err := io.WriteString(out, text); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestOpenXMC(t *testing.T) {
	path := filepath.Join(t.TempDir(), "set.txt")
	writeFile(t, path, compressed(t, "1 10 5\n1 2:3\n"))
	set, err := OpenXMC(path)
	if err != nil || set.Name != path || set.Len() != 1 || set.Features != 10 || set.Classes != 5 {
		t.Errorf("want the set of one sample, got %+v, error %v", set, err)
	}
	if _, err := OpenXMC(path + ".none"); !os.IsNotExist(err) {
		t.Errorf("want a not-exist error, got %v", err)
	}
}

// drawSet draws a set as a reader could have made it.
func drawSet(t *rapid.T) *SparseSet {
	s := &SparseSet{Name: "f", Features: rapid.IntRange(1, 1000).Draw(t, "features"), Classes: rapid.IntRange(1, 50).Draw(t, "classes")}
	id := func(n int) *rapid.Generator[int32] { return rapid.Int32Range(0, int32(n-1)) }
	value := rapid.Float32().Filter(func(v float32) bool { return v != 0 && !math.IsInf(float64(v), 0) && v == v })
	for range rapid.IntRange(1, 8).Draw(t, "samples") {
		ids := rapid.SliceOfNDistinct(id(s.Features), 0, 20, rapid.ID[int32]).Draw(t, "ids")
		labels := rapid.SliceOfNDistinct(id(s.Classes), 0, 5, rapid.ID[int32]).Draw(t, "labels")
		values := rapid.SliceOfN(value, len(ids), len(ids)).Draw(t, "values")
		slices.Sort(ids)
		slices.Sort(labels)
		s.add(ids, values, labels)
	}
	return s
}

func TestXMCRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawSet(t)
		var file bytes.Buffer
		if err := WriteXMC(&file, want); err != nil {
			t.Fatal(err)
		}
		got, err := ReadXMC("f", &file)
		if diff := sameSet(want, got); diff != "" || err != nil {
			t.Fatalf("(-want +got): %s, error %v", diff, err)
		}
	})
}

func TestWriteXMCErrors(t *testing.T) {
	wantError(t, WriteXMC(io.Discard, &SparseSet{Name: "none"}), "none: samples: want 1 or more, got none")
	set := &SparseSet{Features: 1, Classes: 1}
	for range 50_000 {
		set.add([]int32{0}, []float32{1}, nil)
	}
	_, broken := io.Pipe()
	_ = broken.CloseWithError(io.ErrClosedPipe)
	if err := WriteXMC(broken, set); err == nil {
		t.Error("want the writer's error, got none")
	}
}

// Whatever the bytes, the reader does not panic, and what it accepts is a set.
func FuzzReadXMC(f *testing.F) {
	f.Add(lines(shipped(f, "wordnet-13k-test.txt.gz", 1000)))
	f.Add([]byte("2 10 5\n0,3 5:-0.25 2\n 9:1e-5\n"))
	f.Add([]byte("3 10 5\r\n1 \r\n \r\n 3:0"))
	f.Add([]byte("1 100000000 100000000\n99999999 99999999:1e38 0:1e-45"))
	f.Add([]byte("1 10 5\n1,,1 3: 3:nan 4:0x1 2:\n"))
	f.Add(compressed(f, "1 10 5\n1 2:3\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		set, err := ReadXMC("f", bytes.NewReader(file))
		if err != nil {
			if lines := strings.Split(err.Error(), "\n"); len(lines) > maxXMCSaid || !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("want up to %d problems of f, got %q", maxXMCSaid, lines)
			}
			return
		}
		checkSet(t, set)
		set.Normalise()
		checkSet(t, set)
		var again bytes.Buffer
		if err := WriteXMC(&again, set); err != nil {
			t.Fatal(err)
		}
		got, err := ReadXMC("f", &again)
		if diff := sameSet(set, got); diff != "" || err != nil {
			t.Errorf("read again (-want +got): %s, error %v", diff, err)
		}
	})
}

// checkSet fails unless the set keeps what its type promises.
func checkSet(t *testing.T, s *SparseSet) {
	t.Helper()
	if s.Len() < 1 || s.Features < 1 || s.Classes < 1 {
		t.Fatalf("%d samples, %d features, %d classes: want 1 or more", s.Len(), s.Features, s.Classes)
	}
	for i := range s.Len() {
		ids, values := s.Sparse(i)
		checkIDs(t, i, ids, s.Features)
		checkIDs(t, i, s.Labels(i), s.Classes)
		for _, v := range values {
			if v == 0 || math.IsInf(float64(v), 0) || v != v {
				t.Fatalf("sample %d: want finite values but 0, got %v", i, v)
			}
		}
	}
}

func checkIDs(t *testing.T, sample int, ids []int32, n int) {
	t.Helper()
	for i, id := range ids {
		if id < 0 || int(id) >= n || i > 0 && id <= ids[i-1] {
			t.Fatalf("sample %d: want ascending ids of 0..%d, got %v", sample, n-1, ids)
		}
	}
}
