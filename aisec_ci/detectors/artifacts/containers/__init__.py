"""Archives and compressed streams: opened the tolerant way that loaders open them, each member judged by content."""
