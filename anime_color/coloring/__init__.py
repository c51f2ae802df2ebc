"""Pictures in, colorings out: the colorizer, what steers it, and pictures of colorings."""
