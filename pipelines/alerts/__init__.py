"""Telling people: who is late, what was returned, what failed. What to say (``news``), how a channel wants it
(``formats``), how it is sent (``transport``), and what has been told already (``memory``).
"""
