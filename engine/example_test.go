package engine_test

import (
	"bytes"
	"fmt"

	"slosim/engine"
	"slosim/engine/kernel"
)

// xor is a network that answers 1 if exactly one of its two inputs is 1.
func xor() *engine.Network {
	net, err := engine.NewNetwork("xor", engine.Plain, []int{2, 2, 2}, 1)
	if err != nil {
		panic(err)
	}
	copy(net.Layers[0].W.Row(0), []float32{1, 1}) // how many inputs are 1
	copy(net.Layers[0].W.Row(1), []float32{1, 1}) // whether both are
	net.Layers[0].Bias[0][1] = -1
	copy(net.Layers[1].W.Row(1), []float32{1, -2})
	net.Layers[1].Bias[0][0] = 0.5
	return net
}

func Example() {
	technique, err := engine.NewReLUSkip(xor(), kernel.Best())
	if err != nil {
		panic(err)
	}
	session := technique.NewSession()
	for _, x := range [][]float32{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
		result := session.Execute(0, engine.Dense(x))
		fmt.Println(x, result.Answer, result.Margin)
	}
	// Output:
	// [0 0] 0 0.5
	// [0 1] 1 0.5
	// [1 0] 1 0.5
	// [1 1] 0 0.5
}

func ExampleWrite() {
	var file bytes.Buffer
	if err := engine.Write(&file, xor()); err != nil {
		panic(err)
	}
	net, err := engine.ReadBytes(file.Bytes())
	fmt.Println(net.Name, net.Sizes(), err)
	_, err = engine.ReadBytes(file.Bytes()[:40])
	fmt.Println(err != nil)
	// Output:
	// xor [2 2 2] <nil>
	// true
}
