package kernel

// Pure returns the variant in plain Go. It runs everywhere and is what the others are
// tested against. Its products are rounded before they are added, so that it gives the
// same bits on machines whose compiler fuses the two.
func Pure() *Set {
	return withHashGo(withNarrowGo(&Set{
		forms:            &tuned{},
		read:             []func(*byte, int){readGo},
		Name:             "go",
		MatVec:           matVecGo,
		GatherMatVec:     gatherMatVecGo,
		MatMat:           matMatGo,
		MatVecCSR:        matVecCSRGo,
		Axpy:             axpyGo,
		CompressPositive: compressPositiveGo,
		Compress:         compressGo,
		TopK:             selector{extremesGo, countAboveGo, indicesAboveGo}.topK,
		AddBytes:         addBytesGo,
		Gemm:             blocking{mr: 2, nr: 4, mc: 64, kc: 256, nc: 512, micro: microGo}.gemm,
	}))
}

func matVecGo(y []float32, w *Matrix, x, b []float32) {
	checkMatVec(y, w, x, b)
	for i := range w.Rows {
		y[i] = dotGo(w.Row(i), x) + biasAt(b, i)
	}
}

func gatherMatVecGo(y []float32, w *Matrix, ids []int32, x, b []float32) {
	checkGather(y, w, ids, x, b)
	checkIDs(ids, w.Rows)
	for i, id := range ids {
		y[i] = dotGo(w.Row(int(id)), x) + biasAt(b, int(id))
	}
}

func biasAt(b []float32, i int) float32 {
	if b == nil {
		return 0
	}
	return b[i]
}

// dotGo keeps four sums because one would wait for each addition to finish.
func dotGo(row, x []float32) float32 {
	x = x[:len(row)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(row); i += 4 {
		r, v := row[i:i+4:i+4], x[i:i+4:i+4]
		s0 += float32(r[0] * v[0])
		s1 += float32(r[1] * v[1])
		s2 += float32(r[2] * v[2])
		s3 += float32(r[3] * v[3])
	}
	for ; i < len(row); i++ {
		s0 += float32(row[i] * x[i])
	}
	return (s0 + s1) + (s2 + s3)
}

func axpyGo(y []float32, wt *Matrix, ids []int32, a []float32) {
	checkAxpy(y, wt, ids, a)
	checkIDs(ids, wt.Rows)
	for j, id := range ids {
		row, f := wt.Row(int(id)), a[j]
		out := y[:len(row)]
		for i, v := range row {
			out[i] += float32(f * v)
		}
	}
}

func compressPositiveGo(ids []int32, vals []float32, y []float32) int {
	checkCompress(ids, vals, y)
	n := 0
	for i, v := range y {
		if v > 0 {
			ids[n], vals[n] = int32(i), v
			n++
		}
	}
	return n
}

func compressGo(ids []int32, vals []float32, y []float32) int {
	checkCompress(ids, vals, y)
	n := 0
	for i, v := range y {
		if v != 0 {
			ids[n], vals[n] = int32(i), v
			n++
		}
	}
	return n
}

func addBytesGo(sum []uint16, table []uint8) {
	checkAddBytes(sum, table)
	for i, v := range table {
		sum[i] += uint16(v)
	}
}

// extremesGo returns the smallest and the largest score.
func extremesGo(scores []float32) (lo, hi float32) {
	lo, hi = scores[0], scores[0]
	for _, s := range scores[1:] {
		lo, hi = min(lo, s), max(hi, s)
	}
	return lo, hi
}

// countAboveGo returns how many scores are greater than t.
func countAboveGo(scores []float32, t float32) int {
	n := 0
	for _, s := range scores {
		one := 0 // a form that compiles without a branch, which would be mispredicted
		if s > t {
			one = 1
		}
		n += one
	}
	return n
}

// indicesAboveGo writes base+i to ids for each score i greater than t, in order.
func indicesAboveGo(ids []int32, scores []float32, t float32, base int) int {
	n := 0
	for i, s := range scores {
		if s > t {
			ids[n] = int32(base + i)
			n++
		}
	}
	return n
}

// microGo is the product for a 2x4 tile, whose sums fit in registers.
func microGo(k int, a, b, c []float32, stride int, add bool) {
	var s0, s1, s2, s3, t0, t1, t2, t3 float32
	for p := range k {
		f, g := a[2*p], a[2*p+1]
		v := b[4*p : 4*p+4 : 4*p+4]
		s0 += float32(f * v[0])
		s1 += float32(f * v[1])
		s2 += float32(f * v[2])
		s3 += float32(f * v[3])
		t0 += float32(g * v[0])
		t1 += float32(g * v[1])
		t2 += float32(g * v[2])
		t3 += float32(g * v[3])
	}
	storeRow(c[:4], []float32{s0, s1, s2, s3}, add)
	storeRow(c[stride:stride+4], []float32{t0, t1, t2, t3}, add)
}

func storeRow(c, acc []float32, add bool) {
	acc = acc[:len(c)]
	if !add {
		copy(c, acc)
		return
	}
	for j, v := range acc {
		c[j] += v
	}
}
