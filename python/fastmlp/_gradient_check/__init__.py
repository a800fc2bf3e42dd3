"""The check of gradients against differences: slopes with their own error, verdicts, the report."""
