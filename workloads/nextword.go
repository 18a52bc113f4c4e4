package workloads

// GlossesNextWord is the name of the set that `slosim data` makes of WordNet's glosses.
const GlossesNextWord = "glosses-next-word"

// BeginsGloss says whether a sample of the set is the first word of its gloss: it has the
// mark of that, the second-last feature there is.
func BeginsGloss(set *SparseSet, i int) bool {
	ids, _ := set.Sparse(i)
	for _, id := range ids {
		if int(id) == set.Features-2 {
			return true
		}
	}
	return false
}
