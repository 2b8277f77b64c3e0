"""Each function invokes the next one over HTTP; return values wait in a store."""
