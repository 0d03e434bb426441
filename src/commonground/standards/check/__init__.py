"""A city's file against a standard, before it is published: what breaks it, where, who puts it right, and how. Pure."""

from commonground.standards.check.checking import check, check_file
from commonground.standards.check.report import Fault, Group, Report

__all__ = ["Fault", "Group", "Report", "check", "check_file"]
