"""A Step Functions state machine invokes each function and knows who is next."""
