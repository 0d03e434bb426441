"""The demonstration: clearly labeled sample catalogs of the seven cities, served like the real portals."""
