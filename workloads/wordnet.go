package workloads

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// WordNetDir is where Debian's package wordnet-base puts the dictionary.
const WordNetDir = "/usr/share/wordnet"

// WordNetFiles lists the dictionary's files that a folder must have, in the order in which
// their synsets are read.
func WordNetFiles() []string { return []string{"data.noun", "data.verb", "data.adj", "data.adv"} }

// ErrNoWordNet is wrapped by the error of [OpenWordNet] about files that are not there.
var ErrNoWordNet = errors.New("dictionary files are missing")

// WordNet is a dictionary: what its data files hold of meaning.
type WordNet struct {
	Synsets []Synset
	Licence string // as the first file states it
}

// SynsetID names a synset within a dictionary.
type SynsetID struct {
	Kind   byte // 'n', 'v', 'a' or 'r': noun, verb, adjective, adverb
	Offset int32
}

// String returns the kind and the offset's eight digits.
func (id SynsetID) String() string { return fmt.Sprintf("%c%08d", id.Kind, id.Offset) }

// Synset is a meaning with the words for it.
type Synset struct {
	ID        SynsetID
	Words     []string   // with _ for spaces
	Hypernyms []SynsetID // what it is a kind or an instance of
	Gloss     string     // definitions and examples

	file string // where it stands, for errors
	line int
}

// OpenWordNet reads the dictionary in a folder. Problems of all files are reported, up to
// ten of each; of files that are not there the error wraps [ErrNoWordNet].
func OpenWordNet(dir string) (*WordNet, error) {
	if err := wordNetPresent(dir); err != nil {
		return nil, err
	}
	all := &WordNet{}
	var errs []error
	for _, file := range WordNetFiles() {
		part, err := readFile(filepath.Join(dir, file), ReadSynsets)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if all.Licence == "" {
			all.Licence = part.Licence
		}
		all.Synsets = append(all.Synsets, part.Synsets...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return all, nil
}

func wordNetPresent(dir string) error {
	var missing []string
	for _, file := range WordNetFiles() {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			missing = append(missing, file)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w: want %s, got no %s (Debian: apt install wordnet-base)",
		dir, ErrNoWordNet, strings.Join(WordNetFiles(), ", "), strings.Join(missing, ", "))
}

// Limits of a dictionary file, far above any real one.
const (
	maxSynsetLine = 1 << 20 // bytes
	maxSynsetSaid = 10      // problems reported of one file
)

// ReadSynsets reads a data file of WordNet 3.0 (man wndb): lines that begin with two spaces
// state the licence, and each other one is a synset:
//
//	offset lex_filenum kind w_cnt word lex_id ... p_cnt pointer ... [frames] | gloss
//
// name begins each error: "name:line: what: want ..., got ...".
func ReadSynsets(name string, r io.Reader) (*WordNet, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxSynsetLine)
	p := &synsetParser{file: name}
	w := &WordNet{}
	var licence strings.Builder
	for lines.Scan() && len(p.problems) < maxSynsetSaid {
		p.line++
		text := lines.Text()
		if strings.HasPrefix(text, "  ") {
			licence.WriteString(licenceLine(text))
			continue
		}
		if s, ok := p.parse(text); ok {
			w.Synsets = append(w.Synsets, s)
		}
	}
	if err := lines.Err(); err != nil {
		p.line++
		p.fail("line", fmt.Sprintf("to read at most %d bytes", maxSynsetLine), err.Error())
	}
	w.Licence = licence.String()
	return w, errors.Join(p.problems...)
}

// licenceLine drops the number that begins a line of the licence.
func licenceLine(text string) string {
	number, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	if _, err := strconv.Atoi(number); err != nil {
		rest = text
	}
	return strings.TrimSpace(rest) + "\n"
}

// synsetParser reads the lines of one file.
type synsetParser struct {
	file     string
	line     int
	problems []error

	fields []string // of the line, what is left to read
	bad    bool     // the line has a problem
}

func (p *synsetParser) fail(what, want, got string) {
	p.bad = true
	p.problems = append(p.problems, fmt.Errorf("%s:%d: %s: want %s, got %s", p.file, p.line, what, want, got))
}

// parse reads the synset of a line; false when there is something wrong with it.
func (p *synsetParser) parse(text string) (Synset, bool) {
	head, gloss, found := strings.Cut(text, "|")
	p.bad, p.fields = false, strings.Fields(head)
	s := Synset{file: p.file, line: p.line, Gloss: strings.TrimSpace(gloss)}
	s.ID.Offset = int32(p.number("offset", 10, 99_999_999))
	p.number("lex_filenum", 10, 99)
	s.ID.Kind = p.kind("kind")
	for range p.number("w_cnt", 16, 255) {
		s.Words = append(s.Words, p.next("word"))
		p.number("lex_id", 16, 255)
	}
	for range p.number("p_cnt", 10, 999) {
		p.pointer(&s)
	}
	if !p.bad && len(s.Words) == 0 {
		p.fail("w_cnt", "1 or more", "0")
	}
	if !p.bad && !found {
		p.fail("gloss", "one after |", "none")
	}
	return s, !p.bad
}

// next returns the next field; after a problem, nothing.
func (p *synsetParser) next(what string) string {
	if p.bad {
		return ""
	}
	if len(p.fields) == 0 {
		p.fail(what, "one", "the end of the line")
		return ""
	}
	field := p.fields[0]
	p.fields = p.fields[1:]
	return field
}

// number returns the next field, a number from 0 to most.
func (p *synsetParser) number(what string, base, most int) int {
	field := p.next(what)
	if p.bad {
		return 0
	}
	n, err := strconv.ParseUint(field, base, 31)
	if err != nil || int(n) > most {
		p.fail(what, fmt.Sprintf("0..%s in base %d", strconv.FormatInt(int64(most), base), base), quoted([]byte(field)))
		return 0
	}
	return int(n)
}

// kind returns the next field as a kind of synset; satellites are adjectives.
func (p *synsetParser) kind(what string) byte {
	switch field := p.next(what); {
	case p.bad:
	case field == "s":
		return 'a'
	case len(field) == 1 && strings.Contains("nvar", field):
		return field[0]
	default:
		p.fail(what, "n, v, a, s or r", quoted([]byte(field)))
	}
	return 0
}

// pointer reads a pointer: symbol, offset, kind and four digits of source and target.
func (p *synsetParser) pointer(s *Synset) {
	symbol := p.next("pointer")
	to := SynsetID{Offset: int32(p.number("pointer offset", 10, 99_999_999))}
	to.Kind = p.kind("pointer kind")
	p.number("source/target", 16, 0xffff)
	if !p.bad && (symbol == "@" || symbol == "@i") {
		s.Hypernyms = append(s.Hypernyms, to)
	}
}

// letterRuns yields the longest runs of the letters a to z in a text, as lower case: what
// counts as a word here.
func letterRuns(text string) []string {
	return strings.FieldsFunc(strings.Map(lowerASCII, text), func(r rune) bool { return r < 'a' || r > 'z' })
}

func lowerASCII(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// MadeSet is a data set made of a dictionary.
type MadeSet struct {
	Name        string
	Train, Test *SparseSet
	Labels      []string // what each label stands for
	Licence     string   // of what it was made from
}

// MadeSets lists the sets that [MakeSet] makes, sorted by name.
func MadeSets() []string { return []string{GlossesNextWord, WordNet13K} }

// MakeSet makes a set of a dictionary, by a name of MadeSets: the same dictionary gives the
// same set.
func MakeSet(name string, w *WordNet) (*MadeSet, error) {
	makers := map[string]func(*WordNet) (*MadeSet, error){GlossesNextWord: makeNextWord, WordNet13K: makeHypernyms}
	makeIt, ok := makers[name]
	if !ok {
		return nil, fmt.Errorf("data set: want one of %s, got %q", strings.Join(MadeSets(), ", "), name)
	}
	made, err := makeIt(w)
	if err != nil {
		return nil, err
	}
	made.Name, made.Licence = name, w.Licence
	for part, set := range map[string]*SparseSet{"training": made.Train, "test": made.Test} {
		if set.Len() == 0 {
			return nil, fmt.Errorf("%s: want a dictionary large enough for %s samples, got one of %d synsets", name, part, len(w.Synsets))
		}
	}
	return made, nil
}

// numbered gives the words a number each, in alphabetical order.
func numbered(words []string) map[string]int32 {
	slices.Sort(words)
	ids := make(map[string]int32, len(words))
	for i, word := range words {
		ids[word] = int32(i)
	}
	return ids
}
