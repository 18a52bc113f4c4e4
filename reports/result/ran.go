package result

// Ran is what run and report print as JSON: the summary, and what only the manifest says else.
type Ran struct {
	Summary
	Folder      string   `json:"folder"`      // of the result; empty: none was written
	Interrupted bool     `json:"interrupted"` // fewer replications than asked for
	Failed      []string `json:"failed"`      // contenders that broke the rules, with the reason
}
