package activator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// kmeansRounds is enough for assignments of ten thousands of images to all but stop
// moving; the lists do not depend on the last few.
const kmeansRounds = 20

// BuildClustered clusters the images in a subspace by k-means (k-means++ seeding,
// Lloyd's rounds) and ranks the nodes of the first hidden layer in each cluster by
// their summed activation. The key fixes the seeding.
func BuildClustered(set *kernel.Set, net Network, images Images, space *Subspace, clusters int, key rng.Key) (*ClusteredTables, error) {
	if clusters < 1 || clusters > images.Len() {
		return nil, fmt.Errorf("clustered activator: want 1..%d clusters, got %d", images.Len(), clusters)
	}
	t := &ClusteredTables{Basis: space.Basis, Offset: centredBias(space.Basis, space.Mean)}
	points := project(set, images, t.Basis, t.Offset)
	var assigned []int
	t.Centroids, assigned = kmeans(set, points, clusters, rand.New(key.Source(rng.Training, 1)))
	t.Ranked, t.Nodes = rankClusters(net, images, space.Basis.Cols, assigned, clusters)
	return t, nil
}

// kmeans clusters points and returns the centroids, and the index of the nearest one of
// each point.
func kmeans(set *kernel.Set, points *kernel.Matrix, clusters int, random *rand.Rand) (centroids *kernel.Matrix, assigned []int) {
	centroids = seedCentroids(points, clusters, random)
	assigned = make([]int, points.Rows)
	for range kmeansRounds {
		assign(set, assigned, points, centroids)
		moveCentroids(centroids, points, assigned)
	}
	assign(set, assigned, points, centroids)
	return centroids, assigned
}

// project maps all images to the small space.
func project(set *kernel.Set, images Images, basis *kernel.Matrix, offset []float32) *kernel.Matrix {
	points := kernel.NewMatrix(images.Len(), basis.Rows)
	each(images, basis.Cols, func(i int, x []float32) { set.MatVec(points.Row(i), basis, x, offset) })
	return points
}

// seedCentroids draws each centroid among the points with probability proportional
// to the squared distance from those drawn before (k-means++, Arthur and
// Vassilvitskii, SODA 2007).
func seedCentroids(points *kernel.Matrix, clusters int, random *rand.Rand) *kernel.Matrix {
	centroids := kernel.NewMatrix(clusters, points.Cols)
	nearest := make([]float64, points.Rows)
	copy(centroids.Row(0), points.Row(random.IntN(points.Rows)))
	for c := 1; c < clusters; c++ {
		total := 0.0
		for i := range nearest {
			d := squaredDistance(points.Row(i), centroids.Row(c-1))
			if c == 1 || d < nearest[i] {
				nearest[i] = d
			}
			total += nearest[i]
		}
		copy(centroids.Row(c), points.Row(drawProportional(nearest, random.Float64()*total)))
	}
	return centroids
}

// drawProportional returns the index in which the running sum of weights passes target.
func drawProportional(weights []float64, target float64) int {
	for i, w := range weights {
		if target -= w; target < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func squaredDistance(a, b []float32) float64 {
	sum := float32(0)
	for i, v := range a {
		d := v - b[i]
		sum += float32(d * d) // rounded, so that no compiler fuses it with the sum
	}
	return float64(sum)
}

// assign gives each point the index of its nearest centroid.
func assign(set *kernel.Set, assigned []int, points, centroids *kernel.Matrix) {
	half := halfNorms(centroids)
	nearness := kernel.Aligned(centroids.Rows)
	for i := range assigned {
		set.MatVec(nearness, centroids, points.Row(i), half)
		assigned[i] = argmax(nearness)
	}
}

// moveCentroids sets each centroid to the mean of its points; one without points stays.
func moveCentroids(centroids, points *kernel.Matrix, assigned []int) {
	sums := make([]float64, centroids.Rows*centroids.Cols)
	counts := make([]int, centroids.Rows)
	for i, c := range assigned {
		counts[c]++
		for j, v := range points.Row(i) {
			sums[c*centroids.Cols+j] += float64(v)
		}
	}
	for c, count := range counts {
		if count == 0 {
			continue
		}
		row := centroids.Row(c)
		for j := range row {
			row[j] = float32(sums[c*centroids.Cols+j] / float64(count))
		}
	}
}

// rankClusters sums activations per cluster and sorts the nodes by them. A cluster
// without images gets the ranking over all images.
func rankClusters(net Network, images Images, inputs int, assigned []int, clusters int) (ranked []int32, nodes int) {
	nodes = len(net.Hidden(make([]float32, inputs))[0])
	sums := make([]float32, (clusters+1)*nodes) // the last row is over all images
	counts := make([]int, clusters)
	each(images, inputs, func(i int, x []float32) {
		hidden := net.Hidden(x)[0]
		add(sums[assigned[i]*nodes:][:nodes], hidden)
		add(sums[clusters*nodes:], hidden)
		counts[assigned[i]]++
	})
	for c, count := range counts {
		row := c
		if count == 0 {
			row = clusters
		}
		ranked = append(ranked, ranking(sums[row*nodes:][:nodes])...)
	}
	return ranked, nodes
}

func add(sum, v []float32) {
	for i, f := range v {
		sum[i] += f
	}
}

// ranking returns the indices of scores by falling score; of equal ones the lower first.
func ranking(scores []float32) []int32 {
	ids := make([]int32, len(scores))
	for i := range ids {
		ids[i] = int32(i)
	}
	slices.SortStableFunc(ids, func(a, b int32) int { return cmp.Compare(scores[b], scores[a]) })
	return ids
}
