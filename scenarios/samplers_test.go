package scenarios

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestTrainRefusesSamplersThatDoNotFit(t *testing.T) {
	app := &App{}
	for want, o := range map[string]TrainOptions{
		"want none for network fashion-mnist": {Network: "fashion-mnist", Sampler: "full"},
		"want one of full, uniform":           {Network: "wordnet-13k", Sampler: "magic"},
		"want 0 or more, got -1":              {Network: "wordnet-13k", Samples: -1},
		"want 1 or more with --sampler":       {Network: "wordnet-13k", Sampler: "log-uniform"},
	} {
		err := app.Train(context.Background(), o)
		var usage UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("want a usage error with %q, got %v", want, err)
		}
	}
	for _, s := range Samplers() {
		if s.About == "" {
			t.Errorf("sampler %s: want a line about it", s.Name)
		}
	}
}
