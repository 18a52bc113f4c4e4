package engine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

func packed(t testing.TB, n *Network) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WritePacked(&out, n); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPacked: a packed file holds the same network, from memory and from disk.
func TestPacked(t *testing.T) {
	net := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	linear, _ := newTestTables(t, net, kernel.Pure())
	net.PutLinear(linear)
	data := packed(t, net)
	if plain := encode(t, net); len(data) >= len(plain) {
		t.Errorf("want less than %d bytes, got %d", len(plain), len(data))
	}
	path := filepath.Join(t.TempDir(), "x.slonn")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := must2(ReadBytes(data))(t).Hash(); got != net.Hash() {
		t.Error("from memory: another network")
	}
	if got := must2(Open(path))(t).Hash(); got != net.Hash() {
		t.Error("from disk: another network")
	}
}

// TestPackedDamage: whatever is cut, changed or added is told.
func TestPackedDamage(t *testing.T) {
	data := packed(t, newTestNetwork(t, 5, Plain, 20, 16, 10))
	bigger := bytes.Clone(data)
	bigger[len(packMagic)]++
	huge := bytes.Clone(data)
	huge[len(packMagic)+7] = 0x7f
	for name, bad := range map[string][]byte{
		"cut": data[:len(data)-1], "cut short": data[:packPrefix-1], "more": append(bytes.Clone(data), 0),
		"another size": bigger, "a huge size": huge,
	} {
		if _, err := ReadBytes(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: want a format error, got %v", name, err)
		}
	}
	for i := packPrefix; i < len(data); i += 97 {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		if _, err := ReadBytes(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("byte %d changed: want a format error, got %v", i, err)
		}
	}
}

func TestApartAndTogether(t *testing.T) {
	if got := string(apart([]byte("aAbBc"))); got != "abcAB" {
		t.Errorf("want abcAB, got %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		if !bytes.Equal(together(apart(data)), data) {
			t.Errorf("%v: not the same after apart and together", data)
		}
	})
}
