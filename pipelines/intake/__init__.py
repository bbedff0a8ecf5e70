"""From a dropped workbook to records, findings and a receipt. Importing this package costs nothing: see its modules."""
