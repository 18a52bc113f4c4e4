package scenarios

import "testing"

func TestShippedScenariosSuitWhatShips(t *testing.T) {
	app, err := NewApp()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ShippedNames() {
		if _, err := Load(name, app.Known()); err != nil {
			t.Errorf("%s:\n%v", name, err)
		}
	}
}
