"""Files as they come: their bytes are judged, their container is opened, and what lies in it is laid out as grids."""
