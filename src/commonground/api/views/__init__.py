"""Views of the doors for programs."""
