"""Benchmarks: named problems, fastmlp beside its peers, the machine's peak as the measure. ``python -m bench --help``.

cells.py names the problems, peers/ runs them (one file per library, each in a process of its own), machine.py measures
the peak, run.py takes turns, report.py prints, writes JSON and draws. Method and results: docs/performance.md.
"""
