"""A calculation as it is written by hand: expressions in text, HTML and LaTeX, and the sections that they stand in."""
