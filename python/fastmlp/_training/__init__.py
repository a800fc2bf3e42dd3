"""The ways of training: arrays (fit), batches as they come (streams), single rows (online), all samples (lbfgs)."""
