package train

import (
	"context"
)

// fit trains net, which takes inputs minus mean, in place, and calls progress, which
// may be nil, after each epoch. It returns the loss of the last epoch.
func fit(ctx context.Context, f *fitting, progress func(epoch int, loss, heldOut float64)) (loss float64, err error) {
	for epoch := range f.hyper.Epochs {
		if loss, err = f.epoch(ctx, epoch); err != nil {
			return 0, err
		}
		if progress != nil {
			progress(epoch, loss, accuracy(f.set, f.net, len(f.net.Levels)-1, f.data.Confidence, f.mean))
		}
	}
	return loss, nil
}
