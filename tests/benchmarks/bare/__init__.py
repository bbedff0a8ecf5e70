"""What somebody would write in an afternoon to get the headline rates of a folder of workbooks; to measure against."""
