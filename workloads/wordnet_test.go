package workloads

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// madeUp is a dictionary of made-up synsets: a chain of four nouns, a verb, and words that
// are no hypernyms of anything.
func madeUp() map[string]string {
	return map[string]string{
		"data.noun": "  1 Do with this dictionary what you like.  \n  2 It is made up.  \n" +
			"00000100 03 n 01 gadget 0 000 | what people make  \n" +
			"00000200 03 n 02 clock 0 time_piece 1 002 @ 00000100 n 0000 + 00000900 v 0101 | a gadget that tells the time; \"the clock is wrong\"  \n" +
			"00000300 03 n 01 Alarm_clock 0 001 @ 00000200 n 0000 | a clock that rings at a set time  \n" +
			"00000390 03 n 01 Ringo 0 001 @i 00000300 n 0000 | the clock that rings; the first  \n" +
			"00000500 03 n 01 dial 0 001 %p 00000200 n 0000 | the face of a clock  \n",
		"data.verb": "00000900 30 v 01 tick 0 001 ~ 00000910 v 0000 02 + 08 00 + 11 00 | make the noise of a clock  \n" +
			"00000910 30 v 0a tock 0 b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 j 0 001 @ 00000900 v 0000 01 + 08 00 | tick a 2nd time  \n",
		"data.adj": "00000010 00 s 01 late(p) 0 000 | behind the time  \n",
		"data.adv": "00000020 02 r 01 o'clock 0 000 | by the clock  \n",
	}
}

// dictionary writes dictionary files into a folder.
func dictionary(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenWordNet(t *testing.T) {
	w, err := OpenWordNet(dictionary(t, madeUp()))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Do with this dictionary what you like.\nIt is made up.\n"; w.Licence != want {
		t.Errorf("licence: want %q, got %q", want, w.Licence)
	}
	var ids []string
	for _, s := range w.Synsets {
		ids = append(ids, s.ID.String())
	}
	if want := []string{"n00000100", "n00000200", "n00000300", "n00000390", "n00000500", "v00000900", "v00000910", "a00000010", "r00000020"}; !slices.Equal(ids, want) {
		t.Errorf("want synsets %v, got %v", want, ids)
	}
	want := Synset{ID: SynsetID{'n', 200}, Words: []string{"clock", "time_piece"}, Hypernyms: []SynsetID{{'n', 100}}, Gloss: `a gadget that tells the time; "the clock is wrong"`}
	if diff := cmp.Diff(want, w.Synsets[1], cmpopts.IgnoreUnexported(Synset{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := w.Synsets[3].Hypernyms; !slices.Equal(got, []SynsetID{{'n', 300}}) {
		t.Errorf("instance: want its class, got %v", got)
	}
	if got := w.Synsets[6].Words; len(got) != 10 {
		t.Errorf("hexadecimal count: want 10 words, got %v", got)
	}
}

func TestWordNetErrors(t *testing.T) {
	for want, line := range map[string]string{
		`d:2: offset: want 0..99999999 in base 10, got "12x"`:               "12x 03 n 01 a 0 000 | g",
		`d:2: offset: want one, got the end of the line`:                    "",
		`d:2: lex_filenum: want 0..99 in base 10, got "100"`:                "00000001 100 n 01 a 0 000 | g",
		`d:2: kind: want n, v, a, s or r, got "noun"`:                       "00000001 03 noun 01 a 0 000 | g",
		`d:2: w_cnt: want 0..ff in base 16, got "zz"`:                       "00000001 03 n zz a 0 000 | g",
		`d:2: w_cnt: want 1 or more, got 0`:                                 "00000001 03 n 00 000 | g",
		`d:2: word: want one, got the end of the line`:                      "00000001 03 n 02 a 0 | g",
		`d:2: p_cnt: want one, got the end of the line`:                     "00000001 03 n 01 a 0 | g",
		`d:2: pointer offset: want 0..99999999 in base 10, got "-5"`:        "00000001 03 n 01 a 0 001 @ -5 n 0000 | g",
		`d:2: pointer kind: want n, v, a, s or r, got "x"`:                  "00000001 03 n 01 a 0 001 @ 00000005 x 0000 | g",
		`d:2: source/target: want 0..ffff in base 16, got "10000"`:          "00000001 03 n 01 a 0 001 @ 00000005 n 10000 | g",
		`d:2: gloss: want one after |, got none`:                            "00000001 03 n 01 a 0 000",
		`d:2: line: want to read at most 1048576 bytes, got bufio.Scanner:`: strings.Repeat("x", maxSynsetLine+1),
	} {
		_, err := ReadSynsets("d", strings.NewReader("00000001 03 n 01 a 0 000 | g\n"+line+"\n"))
		wantError(t, err, want)
	}
	_, err := ReadSynsets("d", strings.NewReader(strings.Repeat("bad\n", 50)))
	if n := strings.Count(err.Error(), "\n") + 1; n != maxSynsetSaid {
		t.Errorf("want %d problems, got %d", maxSynsetSaid, n)
	}
}

func TestWordNetFilesThatAreNotThere(t *testing.T) {
	files := madeUp()
	delete(files, "data.verb")
	_, err := OpenWordNet(dictionary(t, files))
	if !errors.Is(err, ErrNoWordNet) || !strings.Contains(err.Error(), "got no data.verb") || !strings.Contains(err.Error(), "wordnet-base") {
		t.Errorf("want an error that names the file and the package, got %v", err)
	}
	files = madeUp()
	files["data.adj"], files["data.adv"] = "x\n", "\ny\n"
	_, err = OpenWordNet(dictionary(t, files))
	wantError(t, err, "data.adj:1: offset")
	wantError(t, err, "data.adv:2: offset")
}

// features lists a sample's features by name.
func namesOf(set *SparseSet, i int, names []string) []string {
	ids, _ := set.Sparse(i)
	var out []string
	for _, id := range ids {
		out = append(out, names[id])
	}
	return out
}

func TestHypernymSamples(t *testing.T) {
	w, err := OpenWordNet(dictionary(t, madeUp()))
	if err != nil {
		t.Fatal(err)
	}
	made, err := MakeSet(WordNet13K, w)
	if err != nil {
		t.Fatal(err)
	}
	// The alarm clock has one sample, the verb too: too few for a label.
	if diff := cmp.Diff([]string{"n00000100 gadget", "n00000200 clock"}, made.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	// Samples are the clock, the alarm clock and Ringo; of their words two have these.
	words := []string{"_clock", "clock", "rings", "time"}
	var got [][]string
	for _, set := range []*SparseSet{made.Train, made.Test} {
		checkSet(t, set)
		if set.Features != len(words) || set.Classes != 2 {
			t.Errorf("want %d features and 2 labels, got %d and %d", len(words), set.Features, set.Classes)
			continue
		}
		for i := range set.Len() {
			got = append(got, append(namesOf(set, i, words), fmt.Sprint(set.Labels(i))))
		}
	}
	slices.SortFunc(got, slices.Compare)
	want := [][]string{{"_clock", "clock", "rings", "time", "[0 1]"}, {"_clock", "clock", "time", "[0]"}, {"clock", "rings", "[0 1]"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

// TestHypernymSplitOfWhatShips: these are test samples of the set that ships, and these not.
func TestHypernymSplitOfWhatShips(t *testing.T) {
	for offset, want := range map[int32]bool{1930: false, 2137: true, 2452: false} {
		if got := isHypernymTest(SynsetID{'n', offset}); got != want {
			t.Errorf("n%08d: want test sample %v, got %v", offset, want, got)
		}
	}
}

func TestHypernymErrors(t *testing.T) {
	files := madeUp()
	files["data.noun"] += "00000600 03 n 01 hand 0 001 @ 00000999 n 0000 | part of a dial\n00000600 03 n 01 pin 0 000 | a pin\n"
	w, err := OpenWordNet(dictionary(t, files))
	if err != nil {
		t.Fatal(err)
	}
	_, err = MakeSet(WordNet13K, w)
	wantError(t, err, "data.noun:8: pointer: want a synset of the dictionary, got n00000999")
	wantError(t, err, "data.noun:9: offset: want each once, got n00000600 again, as in line 8")
	_, err = MakeSet("wordnet", w)
	wantError(t, err, `data set: want one of glosses-next-word, wordnet-13k, got "wordnet"`)
	_, err = MakeSet(WordNet13K, &WordNet{})
	wantError(t, err, "want a dictionary large enough")
}

func TestNextWordFeatures(t *testing.T) {
	for _, test := range []struct{ before, want []int32 }{
		{[]int32{7}, []int32{7, 107, 300}},
		{[]int32{7, 3}, []int32{3, 7, 103, 207}},
		{[]int32{3, 3}, []int32{3, 103, 203}},
		{[]int32{50, 1, 2, 3, 4, 5, 6, 7, 8}, []int32{1, 2, 3, 4, 5, 6, 7, 8, 108, 207}},
	} {
		if got := nextWordFeatures(test.before, 100); !slices.Equal(got, test.want) {
			t.Errorf("%v: want %v, got %v", test.before, test.want, got)
		}
	}
}

// TestNextWordSamples: every word but the first of each gloss, in order, in one part.
func TestNextWordSamples(t *testing.T) {
	w := &WordNet{}
	for i := range 300 {
		w.Synsets = append(w.Synsets, Synset{Gloss: fmt.Sprintf("One %c two; %q, x", 'a'+i%26, "Two's a pair")})
	}
	made, err := MakeSet(GlossesNextWord, w)
	if err != nil {
		t.Fatal(err)
	}
	if got, n := made.Train.Len()+made.Test.Len(), 300*7; got != n || made.Test.Len()%7 != 0 || made.Test.Len() > n/10 {
		t.Errorf("want %d samples, few for the test, of whole glosses, got %d and %d", n, got, made.Test.Len())
	}
	begins := 0
	for i := range made.Train.Len() {
		if BeginsGloss(made.Train, i) {
			begins++
		}
	}
	if begins != made.Train.Len()/7 || !BeginsGloss(made.Train, 0) || BeginsGloss(made.Train, 1) {
		t.Errorf("want %d first samples of glosses, got %d", made.Train.Len()/7, begins)
	}
	var text []string
	for i := range 7 {
		text = append(text, made.Labels[made.Train.Labels(i)[0]])
	}
	if got := strings.Join(text, " "); got != "a two two s a pair x" || !slices.IsSorted(made.Labels) {
		t.Errorf("want the words of the first gloss, got %q", got)
	}
	checkSet(t, made.Train)
	again, err := MakeSet(GlossesNextWord, w)
	if diff := cmp.Diff(made.Test, again.Test, cmp.AllowUnexported(SparseSet{})); err != nil || diff != "" {
		t.Errorf("made again (-first +second):\n%s, error %v", diff, err)
	}
}

func TestSplitGroups(t *testing.T) {
	s := &SparseSet{Features: 1, Classes: 40}
	for i := range 40 {
		s.add(nil, nil, []int32{int32(i)})
	}
	rest, parts := s.SplitGroups(3, func(i int) bool { return i%4 == 0 }, 10, 8)
	seen := map[int32]int{} // part that has a sample of a group
	total := 0
	for p, part := range append(parts, rest) {
		total += part.Len()
		for i := range part.Len() {
			group := part.Labels(i)[0] / 4
			if before, ok := seen[group]; ok && before != p {
				t.Errorf("group %d is in parts %d and %d", group, before, p)
			}
			seen[group] = p
		}
	}
	if parts[0].Len() != 10 || parts[1].Len() != 8 || total != 38 { // two of the third group are dropped
		t.Errorf("want parts of 10 and 8 and 38 samples in all, got %d, %d and %d", parts[0].Len(), parts[1].Len(), total)
	}
	_, parts = s.SplitGroups(3, func(int) bool { return false }, 50, 5)
	if parts[0].Len() != 40 || parts[1].Len() != 0 {
		t.Errorf("one group: want all in the first part, got %d and %d", parts[0].Len(), parts[1].Len())
	}
}

func TestSplit(t *testing.T) {
	s := &SparseSet{Name: "s", Features: 1, Classes: 20}
	for i := range 20 {
		s.add(nil, nil, []int32{int32(i)})
	}
	seen := make([]int, 20)
	for i, part := range s.Split(5, 12, 3) {
		if part.Len() != []int{12, 3}[i] || part.Name != "s" {
			t.Errorf("part %d: want its size and the set's name, got %d of %q", i, part.Len(), part.Name)
		}
		for j := range part.Len() {
			seen[part.Labels(j)[0]]++
		}
	}
	if slices.Max(seen) != 1 {
		t.Errorf("want each sample once at most, got %v", seen)
	}
	defer func() {
		if recover() == nil {
			t.Error("want a panic for more samples than there are")
		}
	}()
	s.Split(5, 21)
}

func TestXMCSizesAndBareValues(t *testing.T) {
	want := &SparseSet{Features: 9, Classes: 4}
	want.add([]int32{1, 5}, []float32{1, 0.5}, []int32{3})
	var file strings.Builder
	if err := WriteXMCIDs(&file, want); err != nil || file.String() != "1 9 4\n3 1 5:0.5\n" {
		t.Errorf("want a feature of value 1 without it, got %q, error %v", file.String(), err)
	}
	got, err := decodeXMCSizes("f", strings.NewReader(file.String()))
	if diff := cmp.Diff(XMCSizes{Samples: 1, Features: 9, Classes: 4}, got); diff != "" || err != nil {
		t.Errorf("(-want +got): %s, error %v", diff, err)
	}
	_, err = decodeXMCSizes("f", strings.NewReader("1 0 x\n"))
	wantError(t, err, "f:1: features: want 1..")
	_, err = decodeXMCSizes("f", strings.NewReader("\x1f\x8b"))
	wantError(t, err, "f:1: file: want plain text or gzip")
}

func TestSparseDigest(t *testing.T) {
	first, err := SparseDigest(WordNet13K)
	if second, _ := SparseDigest(WordNet13K); err != nil || len(first) != 64 || first != second {
		t.Errorf("want 64 digits, the same each time, got %q and %q, error %v", first, second, err)
	}
	_, err = SparseDigest("x")
	wantError(t, err, `want one of wordnet-13k, got "x"`)
}

// FuzzReadSynsets: whatever a file holds, reading ends in synsets that sets can be made of,
// or in errors with file and line.
func FuzzReadSynsets(f *testing.F) {
	for _, text := range madeUp() {
		f.Add([]byte(text))
	}
	f.Add([]byte("00000001 03 n ff a 0 999 @ | |\r\n\n  x\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := ReadSynsets("f", strings.NewReader(string(file)))
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "f:") {
					t.Errorf("want file and line, got %q", line)
				}
			}
			return
		}
		for _, name := range MadeSets() {
			made, err := MakeSet(name, w)
			if err == nil {
				checkSet(t, made.Train)
				checkSet(t, made.Test)
			}
		}
	})
}
