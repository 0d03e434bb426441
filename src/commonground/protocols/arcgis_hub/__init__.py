"""ArcGIS Hub: its DCAT feed, its v3 search, and the map layers behind them, which know the columns."""
