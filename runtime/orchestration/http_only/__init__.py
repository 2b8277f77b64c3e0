"""The caller of a fan-out invokes its branches synchronously and gets their values as answers."""
