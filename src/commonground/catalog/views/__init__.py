"""The pages of the catalog, a file each for what they are about. A view gathers forms and hands them to the twins;
only a POST of a person who may decide writes.
"""
