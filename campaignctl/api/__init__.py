"""The Ocamba client: one HTTP client, paced, tolerant in reading, exact in what an answer proves."""
