"""Keeping a workspace sound for years: examining and mending it, backing it up and putting it back.

``doctor`` asks ``originals``, ``records``, ``published`` and ``surroundings`` what they find · ``backup``, ``restore``:
what cannot be made anew, elsewhere.
"""
