"""Settings of the documentation site, for Sphinx; ``python -m docs`` builds it, from what _site/stage.py makes.

Nothing is loaded from elsewhere, neither while the site is built nor when it is read.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for docs._site

project = "fastmlp"
author = "The fastmlp developers"
html_title = "fastmlp"
extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_parser",
    "sphinx_design",
    "docs._site.mathml",
]
exclude_patterns: list[str] = []

# Markdown as GitHub reads it, with definitions, formulas, and blocks of directives
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "html_image"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
html_math_renderer = "mathml"

# docstrings have types and defaults in words; hints would say them twice
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
add_module_names = False
toc_object_entries_show_parents = "hide"

# names in See Also must have pages; types in words are no names
nitpicky = True
nitpick_ignore_regex = [("py:(?!obj).*", ".*")]

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_use_index = False
html_domain_indices = False
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "navbar_align": "left",
    "show_prev_next": True,
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,  # the methods of a class
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
    "header_links_before_dropdown": 6,
    "search_bar_text": "Search",
    "logo": {"text": "fastmlp", "image_light": "_static/logo.svg", "image_dark": "_static/logo.svg"},
}
html_favicon = "_static/logo.svg"
html_context = {"default_mode": "auto"}
# pages that have none below them
html_sidebars = {page: [] for page in ("index", "installation", "overview", "contributing", "changelog")}
