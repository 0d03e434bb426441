"""Crosswalks in the making: a first draft suggested, one tried on a city's rows, versions kept."""
