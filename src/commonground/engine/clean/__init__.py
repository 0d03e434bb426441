"""The clean step: what engines would not do alike (dates, zones, places) is done once, here, vectorized over Arrow."""
