"""What ``python -m docs`` adds to Sphinx: the pages that are made and not written, links, mathematics."""
