"""What people run: packaging, the embedded AWS, deployment and the client."""
