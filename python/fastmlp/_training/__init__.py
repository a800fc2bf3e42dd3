"""The ways of training: arrays (fit), batches as they come (streams), single rows (online), all samples (lbfgs).

Many networks at once: fleet, on the threads of a crew.
"""
