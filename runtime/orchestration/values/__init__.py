"""Where return values and claim checks lie."""
