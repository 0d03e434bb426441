"""CKAN (and DKAN, which answers alike): the Action API, version 3. `package` holds a record's meaning,
`read` asks, `serve` answers, `record` makes packages from our datasets, `query` understands searches.
"""
