"""Files are read in a process of its own, which may end: started, told what to read, and its grids taken over."""
