"""The ways of training: arrays (fit), batches as they come (streams), single rows (online), all samples (lbfgs).

Several trainings at once, each on threads of its own: side_by_side.
"""
