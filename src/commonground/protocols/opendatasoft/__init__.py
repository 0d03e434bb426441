"""Opendatasoft (Huwise): the Explore API, version 2.1. `dataset` holds a record's meaning, `read` asks, `serve`
answers, `record` makes records from our datasets, `query` understands the searches.
"""
