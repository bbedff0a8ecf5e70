"""The action-plan warehouse: from the workbooks districts hand in to progress figures officials can trust."""

__version__ = "0.1.0"
