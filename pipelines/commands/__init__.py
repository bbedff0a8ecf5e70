"""The commands that are more than a call: what they do, apart from how their arguments are read."""
