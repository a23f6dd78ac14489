"""State and lock as objects in S3, Google Cloud Storage or Azure Blob, written on conditions."""
