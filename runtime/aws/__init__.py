"""S3, Lambda and DynamoDB as the runtime uses them."""
