"""Rows of datasets, whichever protocol gives them: reading with its account kept, and recorded files as a source."""
