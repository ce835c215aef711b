"""One module for each format of model file; each offers `read(item, scan)`."""
