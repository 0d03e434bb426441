"""Standards and crosswalks, as files: what a table is agreed to be, and how a city's columns become it. Pure."""
