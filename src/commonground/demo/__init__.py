"""The demonstration: clearly labelled sample catalogs of the seven cities, served like the real portals."""
