package profile

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func testProfile() *Profile {
	return &Profile{
		Schema:  SchemaVersion,
		Machine: Machine{CPU: "c", Cores: 2, L2: 1 << 21, L3: 1 << 25, Variant: "avx2", OS: "linux/amd64"},
		Dataset: "d", Levels: testLevels(), Sets: []Set{*testSet()},
		Campaign: Campaign{Version: 3, Blocks: 4, BlockSize: 32, Seconds: 1.5, Reference: Dist{1, 2, 2}, Drift: 0.01, Warnings: []string{"w"}},
	}
}

func written(t testing.TB, p *Profile) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := p.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestRoundTrip(t *testing.T) {
	want := testProfile()
	want.Sets[0].Truth.Outcomes[1].Answer = 205_442 // a label that does not fit 16 bits
	path := filepath.Join(t.TempDir(), "p.profile")
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if !math.IsNaN(float64(got.Sets[0].Calibration.Outcomes[3].Confidence)) {
		t.Error("want the NaN confidence kept")
	}
	if want.Hash() != got.Hash() || !bytes.Equal(written(t, want), written(t, got)) {
		t.Error("want the same hash and bytes again")
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("want the file alone, got %v", entries)
	}
}

func TestHashTellsProfilesApart(t *testing.T) {
	a, b := testProfile(), testProfile()
	b.Sets[0].Truth.Execute[1][1][0][7]++
	if a.Hash() == b.Hash() {
		t.Error("want another hash for another time")
	}
}

func TestReadRefusesDamage(t *testing.T) {
	good := written(t, testProfile())
	changed := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		return b
	}
	cases := []struct {
		name, want string
		file       []byte
	}{
		{"empty", "not a profile", nil},
		{"text", "not a profile", []byte("schema = 1\n" + strings.Repeat("x", 100))},
		{"version", "file version: want 2 or 3", changed(len(magic))},
		{"length", "corrupt", changed(len(magic) + 4)},
		{"huge length", "corrupt: want at most", changed(len(magic) + 11)},
		{"hash", "want SHA-256", changed(headerSize - 1)},
		{"content", "corrupt", changed(len(good) / 2)},
		{"cut", "corrupt or cut short", good[:len(good)-9]},
		{"header alone", "corrupt or cut short", good[:headerSize]},
	}
	for _, c := range cases {
		if _, err := Read(bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", c.name, c.want, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("absent file: want an error")
	}
}

func TestInvalidProfileIsNotWritten(t *testing.T) {
	p := testProfile()
	p.Sets[0].Truth.Samples = 0
	path := filepath.Join(t.TempDir(), "p")
	if err := p.Save(path); err == nil {
		t.Error("want an error")
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("want nothing left behind, got %v", entries)
	}
}

func TestAnyByteFlipIsNoticed(t *testing.T) {
	good := written(t, testProfile())
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(good)
		i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		b[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		p, err := Read(bytes.NewReader(b))
		if err == nil && p.Hash() != testProfile().Hash() { // padding bits of the last byte carry nothing
			t.Fatalf("byte %d: want an error or the same profile", i)
		}
	})
}

// FuzzDecode feeds the decoder behind the checksum: it must not panic, and what it
// accepts must encode to the same bytes.
func FuzzDecode(f *testing.F) {
	small := testProfile()
	small.Sets[0].Calibration, small.Sets[0].Truth = Half{}, Half{}
	f.Add(encode(small))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := decode(content)
		if err != nil {
			return
		}
		_ = p.Validate()
		again, err := decode(encode(p))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, again, cmpopts.EquateNaNs()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzRead feeds whole files.
func FuzzRead(f *testing.F) {
	f.Add(written(f, testProfile()))
	f.Add([]byte(magic))
	shipped, err := os.ReadFile("../../scenarios/testdata/golden-fashion-mnist.profile")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped[:4096]) // cut: whole, an execution takes a second
	f.Fuzz(func(t *testing.T, file []byte) {
		if p, err := Read(bytes.NewReader(file)); err == nil && p.Validate() != nil {
			t.Fatal("want only valid profiles")
		}
	})
}

// What a file claims is refused before the memory for it is taken.
func TestReadTakesNoMemoryForClaims(t *testing.T) {
	claim := func(content []byte, length uint64) []byte {
		h := header(SchemaVersion, content)
		binary.LittleEndian.PutUint64(h[len(magic)+4:], length)
		out := bytes.NewBuffer(h)
		w, err := flate.NewWriter(out, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content) // a buffer takes it
		w.Close()
		return out.Bytes()
	}
	billions := binary.AppendVarint(nil, int64(SchemaVersion))
	billions = append(billions, binary.AppendVarint(nil, 1e12)...) // length of the CPU's name
	for name, file := range map[string][]byte{
		"10^12 bytes":                   claim(nil, 1e12),
		"2^64-1 bytes":                  claim(nil, math.MaxUint64),
		"2^31 bytes that are not there": claim(nil, 1<<31),
		"more bytes than it says":       claim(make([]byte, 64<<20), 10),
		"a name of 10^12 bytes":         claim(billions, uint64(len(billions))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Read(bytes.NewReader(file))
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 16<<20 {
			t.Errorf("%s: want it refused within 16 MB, got %v after %d MB", name, err, took>>20)
		}
	}
}
