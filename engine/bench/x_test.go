package bench
import ("testing";"fmt";"slosim/engine/kernel";"context")
func TestX(t *testing.T) {
	for _, s := range [][2]int{{1024,1024},{13330,128},{205443,128}} {
	g := Table(kernel.Best(), s[0], s[1])
	rows, _ := Measure(context.Background(), g, Options{Rounds: 15})
	for _, r := range rows { fmt.Printf("%s %s %v %s %q %.3f p99 %.3f n %d share %.3f [%.3f %.3f] speedup %.2f [%.2f %.2f]\n", r.Group, r.Kernel, r.Density, r.State, r.Variant, r.MedianUS, r.P99US, r.Calls, r.ShareOfLimit.Median, r.ShareOfLimit.Lo, r.ShareOfLimit.Hi, r.Speedup.Median, r.Speedup.Lo, r.Speedup.Hi) }
	}
}
