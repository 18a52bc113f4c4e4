package engine

import (
	"fmt"
	"io"
)

// WriteWide writes the network as the .slonn file of the plain network that it is.
// Weights are rounded to the network's Encoding. Equal networks give equal bytes.
func WriteWide(w io.Writer, n *Wide) error { return Write(w, n.Network()) }

// ReadWide reads the rest of r as a .slonn file, packed or not, of a plain network with one
// hidden layer. Damage of any kind is an error that wraps [ErrFormat]; an error of r is
// passed on.
func ReadWide(r io.Reader) (*Wide, error) {
	file, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading a network: %w", err)
	}
	return decodedWide(file)
}

// Round rounds all weights to the network's Encoding, as [Network.Round] does.
func (n *Wide) Round() {
	round(n.Embed.Data, n.Encoding)
	round(n.Out.Data, n.Encoding)
}
