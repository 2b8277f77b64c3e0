"""The Lambda that records why a run cannot finish."""
