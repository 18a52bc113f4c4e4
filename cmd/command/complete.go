package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slosim/reports"
	"slosim/reports/result"
	"slosim/scenarios"
)

// offer lists what a shell may complete an argument or a flag's value to.
type offer func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective)

// completeTree gives every verb below a command its completions: of arguments by their names in Use, of flags
// by theirs, so that a verb that uses the usual names needs to say nothing.
func completeTree(cmd *cobra.Command, app App) {
	for _, verb := range cmd.Commands() {
		completeTree(verb, app)
		if verb.Hidden {
			continue
		}
		completeArguments(verb, app)
		offers := flagOffers(app)
		verb.Flags().VisitAll(func(f *pflag.Flag) {
			if o, ok := offers[f.Name]; ok {
				if err := verb.RegisterFlagCompletionFunc(f.Name, cobra.CompletionFunc(o)); err != nil {
					panic("slosim: " + err.Error()) // the flag is there
				}
			}
		})
	}
}

// completeArguments goes by the words of a verb's Use: "explain DIR [QUERY]".
func completeArguments(verb *cobra.Command, app App) {
	if len(verb.ValidArgs) > 0 {
		return
	}
	offers := argumentOffers(app)
	words := strings.Fields(verb.Use)[1:]
	verb.ValidArgsFunction = func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		at := len(args)
		if n := len(words); n > 0 && at >= n && strings.HasSuffix(words[n-1], "...") {
			at = n - 1
		}
		if at >= len(words) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if o, ok := offers[strings.Trim(words[at], "[].")]; ok {
			return o(cmd, args, prefix)
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// argumentOffers are by the words of Use.
func argumentOffers(app App) map[string]offer {
	known := app.Known
	return map[string]offer{
		"SCENARIO": completeScenario,
		"DIR":      completeFolder,
		"A":        completeFolder,
		"B":        completeFolder,
		"FILE": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		"NETWORK": networkOffer(app),
		"POLICY":  policyOffer(func() []scenarios.Entry { return known().Policies }),
	}
}

// flagOffers are by the flags' names.
func flagOffers(app App) map[string]offer {
	known := app.Known
	return map[string]offer{
		"policy":       policyOffer(func() []scenarios.Entry { return known().Policies }),
		"technique":    entryOffer(func() []scenarios.Entry { return known().Techniques }),
		"network":      networkOffer(app),
		"antagonist":   entryOffer(func() []scenarios.Entry { return known().Antagonists }),
		"on":           entryOffer(func() []scenarios.Entry { return scenarios.Entries(onSlurm) }),
		"window":       entryOffer(func() []scenarios.Entry { return scenarios.Entries("all", "quiet", "interference") }),
		"metric":       entryOffer(func() []scenarios.Entry { return known().Metrics }),
		"by":           entryOffer(scenarios.Breakers),
		"format":       entryOffer(func() []scenarios.Entry { return scenarios.Entries(scenarios.CompareFormats()...) }),
		"sampler":      entryOffer(scenarios.Samplers),
		"group":        entryOffer(func() []scenarios.Entry { return scenarios.Entries(scenarios.BenchGroups()...) }),
		"service":      entryOffer(func() []scenarios.Entry { return scenarios.Entries("profile", scenarios.KernelService) }),
		"set":          setOffer(app),
		"param":        paramOffer(app),
		"versus":       cellOffer(func(c *result.Cell) string { return c.Contender }),
		"contender":    cellOffer(func(c *result.Cell) string { return c.Contender }),
		"class":        cellOffer(func(c *result.Cell) string { return c.Class }),
		"spending":     entryOffer(func() []scenarios.Entry { return scenarios.Entries(reports.Spendings()...) }),
		"profile":      fileOffer("profile"),
		"check":        fileOffer("profile"),
		"save-profile": fileOffer("profile"),
		"junit":        fileOffer("xml"),
	}
}

// fileOffer lets the shell offer files of an extension, and folders.
func fileOffer(extension string) offer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{extension}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// entryOffer offers names with what they are. After a comma the list goes on.
func entryOffer(entries func() []scenarios.Entry) offer {
	return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		before, last := "", prefix
		if i := strings.LastIndexByte(prefix, ','); i >= 0 {
			before, last = prefix[:i+1], prefix[i+1:]
		}
		return starting(entries(), before, last), cobra.ShellCompDirectiveNoFileComp
	}
}

// starting lists the entries that begin with a prefix, each behind what was typed before it.
func starting(entries []scenarios.Entry, before, prefix string) (list []string) {
	for _, e := range entries {
		switch {
		case !strings.HasPrefix(e.Name, prefix):
		case e.About == "":
			list = append(list, before+e.Name)
		default:
			list = append(list, cobra.CompletionWithDesc(before+e.Name, e.About))
		}
	}
	return list
}

// policyOffer offers names, and the routes to scripts and programs.
func policyOffer(entries func() []scenarios.Entry) offer {
	return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if script, ok := strings.CutPrefix(prefix, "file:"); ok {
			return matching("file:", script, ".star"), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		}
		routes := []scenarios.Entry{{Name: "file:", About: "a Starlark script"}, {Name: "exec:", About: "a program"}}
		return append(starting(entries(), "", prefix), starting(routes, "", prefix)...), cobra.ShellCompDirectiveNoFileComp | noSpaceFor(prefix)
	}
}

// noSpaceFor keeps the cursor at a route, whose path follows.
func noSpaceFor(prefix string) cobra.ShellCompDirective {
	if prefix != "" && (strings.HasPrefix("file:", prefix) || strings.HasPrefix("exec:", prefix)) {
		return cobra.ShellCompDirectiveNoSpace
	}
	return 0
}

// matching lists files of an extension and folders whose paths begin so, behind a route.
func matching(route, path, extension string) (list []string) {
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean("./" + dir)) // none: nothing to offer
	if filepath.IsAbs(dir) {
		entries, _ = os.ReadDir(dir)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case !strings.HasPrefix(name, base) || strings.HasPrefix(name, "."):
		case e.IsDir():
			list = append(list, route+dir+name+"/")
		case strings.HasSuffix(name, extension):
			list = append(list, route+dir+name)
		}
	}
	return list
}

func networkOffer(app App) offer {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		entries := append(slices.Clone(app.Known().Networks), scenarios.Entry{Name: "xmc:", About: "a folder with files of the extreme classification repository"})
		return entryOffer(func() []scenarios.Entry { return entries })(cmd, args, prefix)
	}
}

// completeScenario offers the scenarios that ship, and files.
func completeScenario(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return starting(scenarios.ShippedScenarios(), "", prefix), cobra.ShellCompDirectiveDefault
}

// completeFolder offers the results below what was typed, or where results are by default; else folders.
func completeFolder(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, pattern := range []string{prefix, scenarios.ResultsRoot + "/" + prefix} {
		dir, base := filepath.Split(pattern)
		entries, _ := os.ReadDir(filepath.Join(".", dir))
		if filepath.IsAbs(dir) {
			entries, _ = os.ReadDir(dir)
		}
		for _, e := range entries {
			if _, err := os.Stat(filepath.Join(dir, e.Name(), result.ManifestFile)); err == nil && strings.HasPrefix(e.Name(), base) {
				found = append(found, dir+e.Name())
			}
		}
	}
	if len(found) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// cellOffer offers what the cells of the result that is the first argument are of.
func cellOffer(of func(*result.Cell) string) offer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		summary, err := result.ReadSummary(filepath.Join(args[0], result.SummaryFile))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for i := range summary.Cells {
			if name := of(&summary.Cells[i]); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return starting(scenarios.Entries(names...), "", prefix), cobra.ShellCompDirectiveNoFileComp
	}
}

// setOffer offers the keys of the scenario that is the first argument, and names for values of those
// that take names.
func setOffer(app App) offer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if key, value, ok := strings.Cut(prefix, "="); ok {
			return starting(scenarios.SettableValues(key, app.Known()), key+"=", value), cobra.ShellCompDirectiveNoFileComp
		}
		path := ""
		if len(args) > 0 {
			path = args[0]
		}
		keys := scenarios.Settable(path, app.Known())
		for i := range keys {
			keys[i].Name += "="
		}
		return starting(keys, "", prefix), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// paramOffer offers the parameters of the policy that is the first argument.
func paramOffer(app App) offer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		var keys []scenarios.Entry
		for _, policy := range app.Known().Policies {
			if len(args) == 0 || policy.Name != args[0] {
				continue
			}
			for _, p := range policy.Params {
				keys = append(keys, scenarios.Entry{Name: p.Key + "=", About: p.String()})
			}
		}
		return starting(keys, "", prefix), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
