"""Reading single cells."""
