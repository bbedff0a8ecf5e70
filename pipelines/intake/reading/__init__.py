"""One module per file format, each from bytes to the same raw sheets; ``intake/reader.py`` chooses among them."""
