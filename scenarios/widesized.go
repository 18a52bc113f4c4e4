package scenarios

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"slosim/engine"
	"slosim/reports/result"
)

// The variants of a wide family's network. The others are named by their hidden nodes: w16.
const (
	wholeVariant = "full"
	slimVariant  = "slim"
)

// sizedVariants lists the networks of a technique that answers by networks of several sizes;
// none for the others.
func sizedVariants(technique string) []string {
	switch technique {
	case "zoo":
		return []string{"w8", "w16", "w32", "w64", wholeVariant}
	case "slimmable":
		return []string{slimVariant}
	}
	return nil
}

// wideVariants lists the networks that techniques need, the whole one first.
func wideVariants(techniques []Technique) []string {
	list := []string{wholeVariant}
	for _, t := range techniques {
		list = append(list, sizedVariants(t.plain().Name)...)
	}
	return list
}

// wideTechniques lists the techniques over wide outputs: slo-nn by every activator.
func wideTechniques() []string {
	list := append(engine.WideTechniques(), "slimmable", "zoo")
	for _, activator := range engine.OutputActivators() {
		if activator != engine.DefaultOutputActivator {
			list = append(list, "slo-nn-"+activator)
		}
	}
	slices.Sort(list)
	return list
}

// sizedNetworks opens the networks of a technique over several sizes.
func (a *App) sizedNetworks(family Family, technique string) (nets []*engine.Wide, err error) {
	for _, variant := range sizedVariants(technique) {
		_, wide, err := a.wideNetwork(family, variant)
		if err != nil {
			return nil, err
		}
		if variant != slimVariant {
			nets = append(nets, wide)
			continue
		}
		recipe, err := wideRecipe(family, variant)
		if err != nil {
			return nil, err
		}
		for _, width := range recipe.Hyper.Widths {
			narrow, err := wide.Narrowed(width)
			if err != nil {
				return nil, err
			}
			nets = append(nets, narrow)
		}
	}
	return nets, nil
}

// sizedTechnique builds model switching or a slimmable network with its frozen cascades.
func (a *App) sizedTechnique(family Family, name string) (engine.Technique, error) {
	nets, err := a.sizedNetworks(family, name)
	if err != nil {
		return nil, err
	}
	path, err := a.cascadesPath(family, name)
	if err != nil {
		return nil, err
	}
	cascades, err := openCascades(path)
	if err != nil {
		return nil, fmt.Errorf("cascades of %s: %w", name, err)
	}
	return engine.NewWideZoo(name, nets, name == "slimmable", cascades, a.Kernels)
}

// cascadesPath names the cached file of a technique's frozen cascades.
func (a *App) cascadesPath(family Family, technique string) (string, error) {
	variants := sizedVariants(technique)
	path, err := a.widePath(family, variants[0])
	return strings.TrimSuffix(path, ".slonn") + "-" + technique + ".cascades", err
}

func openCascades(path string) (cascades []engine.CascadeSpec, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return cascades, json.Unmarshal(text, &cascades)
}

// cascades freezes a technique's cascades on the calibration samples unless they are cached.
func (w *wideMaker) cascades(technique string) error {
	path, err := w.app.cascadesPath(w.family, technique)
	if err != nil {
		return err
	}
	_, err = openCascades(path)
	if w.cached("cascades of "+technique, "frozen", err) {
		return nil
	}
	nets, err := w.app.sizedNetworks(w.family, technique)
	if err != nil {
		return err
	}
	plain, err := engine.NewWideZoo(technique, nets, technique == "slimmable", nil, w.app.Kernels)
	if err != nil {
		return err
	}
	parts, err := w.data()
	if err != nil {
		return err
	}
	frozen, err := frozenCascades(plain, parts.calibration)
	if err != nil {
		return err
	}
	return result.WriteFile(path, func(to io.Writer) error { return json.NewEncoder(to).Encode(frozen) })
}
