package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryVerbHasScripts: for each verb some testscript shows that it works and that it refuses bad
// input. (What it does when interrupted is TestInterruptions.)
func TestEveryVerbHasScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("want testscripts, got %v, %v", files, err)
	}
	var scripts strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	for _, verb := range leaves(t) {
		name := verbName(verb)
		for what, code := range map[string]string{"works": "0", "refuses bad input": "2"} {
			if ok, _ := regexp.MatchString(`(?m)^(?:exits `+code+map[string]string{"0": "|exec"}[code]+`) slosim(?:-itself)? `+name+`\b`, scripts.String()); !ok {
				t.Errorf("slosim %s: want a line \"exits %s slosim %s ...\" in testdata/script or testdata/real that shows that it %s", name, code, name, what)
			}
		}
	}
}
