package scenarios

import (
	"errors"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

func TestKeyLines(t *testing.T) {
	const text = `# comment with [a] = "table"
top = 1
"quo.ted" = '''
[not] a = table
''' # and = a comment

[plain]
a.b = "x = \" # y"
list = [
  1, # = one
  { inner = 2, deep = { er = 3 } },
]
[[many]]
k = """
k = 5 \""" """
[[many.sub]]
date = 1979-05-27 07:32:00
[[many]]
 [ many . "sub" ]
`
	want := []keyLine{
		{toml.Key{"top"}, "top", 2},
		{toml.Key{"quo.ted"}, `"quo.ted"`, 3},
		{toml.Key{"plain"}, "plain", 7},
		{toml.Key{"plain", "a", "b"}, "plain.a.b", 8},
		{toml.Key{"plain", "list"}, "plain.list", 9},
		{toml.Key{"plain", "list", "inner"}, "plain.list[1].inner", 11},
		{toml.Key{"plain", "list", "deep"}, "plain.list[1].deep", 11},
		{toml.Key{"plain", "list", "deep", "er"}, "plain.list[1].deep.er", 11},
		{toml.Key{"many"}, "many[0]", 13},
		{toml.Key{"many", "k"}, "many[0].k", 14},
		{toml.Key{"many", "sub"}, "many[0].sub[0]", 16},
		{toml.Key{"many", "sub", "date"}, "many[0].sub[0].date", 17},
		{toml.Key{"many"}, "many[1]", 18},
		{toml.Key{"many", "sub"}, "many[1].sub", 19},
	}
	if diff := cmp.Diff(want, keyLines(text), cmp.AllowUnexported(keyLine{})); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// FuzzParse checks that no text makes Parse panic or fail with anything but
// Problems, that the index of lines has the keys that the library has, and that
// what is accepted is accepted again from its own Text.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add(good + goodSweep)
	for _, name := range ShippedNames() {
		text, _ := Shipped(name)
		f.Add(string(text))
	}
	f.Add("a.\"b\\u0020c\" = [[{x=1}, {y.z=2}], '''\n''']\r\n[a.'d']\r\ne = \"\"\"\\\"\"\"\"\"\n")
	f.Add("[[a]]\n[[a.b]]\n[a.b.c]\n[[a]]\n[[a.b]]\nc=1979-05-27 07:32:00 # x\n")
	known := fakeKnown()
	known.CheckArrivals = nil // reading traces takes its time
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("fuzz.toml", []byte(text), known)
		var problems Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatalf("want Problems, got %T", err)
		}
		if err == nil {
			if again := mustParseFuzzed(t, s.Text(), known); again.Hash() != s.Hash() {
				t.Errorf("its text is another scenario:\n%s", s.Text())
			}
		}
		sameKeys(t, text)
	})
}

func mustParseFuzzed(t *testing.T, text string, known Known) *Scenario {
	s, err := Parse("fuzz.toml", []byte(text), known)
	if err != nil {
		t.Fatalf("its own text is refused:\n%v\n%s", err, text)
	}
	return s
}

// sameKeys compares the index with the library's list of keys.
func sameKeys(t *testing.T, text string) {
	var root map[string]any
	meta, err := decodeTOML(text, &root)
	if err != nil {
		return
	}
	got := []string{}
	for _, k := range keyLines(text) {
		got = append(got, k.key.String())
		if k.line < 1 || k.line > 1+strings.Count(text, "\n") {
			t.Errorf("%s: line %d of a text with %d", k.path, k.line, 1+strings.Count(text, "\n"))
		}
	}
	want := []string{}
	for _, key := range meta.Keys() {
		want = append(want, key.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys of %q (-library +index):\n%s", text, diff)
	}
}
