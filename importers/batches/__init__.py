"""An import as it goes on: started, kept between its stages, cut into shards, tried, followed by what comes after."""
