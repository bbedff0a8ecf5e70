"""Static drawings as SVG inside the page: no script, sharp on paper, small. A table beside says the same."""
