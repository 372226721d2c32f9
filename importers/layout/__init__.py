"""From a grid as it lies to the table that the pipeline reads: sheets, headers, kinds of rows, forms of numbers."""
