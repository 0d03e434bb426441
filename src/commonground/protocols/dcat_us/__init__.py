"""DCAT-US: a whole catalog as one `data.json`, versions 1.1 and 3.0."""
