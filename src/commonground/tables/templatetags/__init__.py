"""Tags of the pages of tables."""
