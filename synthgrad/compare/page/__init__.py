"""One HTML file that holds a comparison, or one run: figures, tables, data; no network, no script needed to read it.

``markup`` makes documents of elements, so that no name can become markup; ``cells`` shows numbers and tables;
``pictures`` takes figures in, ``saying`` puts them into words. ``comparison`` and ``one_run`` are the pages.
"""

from synthgrad.compare.page.comparison import page
from synthgrad.compare.page.one_run import show_page

__all__ = ["page", "show_page"]
