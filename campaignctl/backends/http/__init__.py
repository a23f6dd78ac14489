"""State on an HTTP server, by the protocol of Terraform's HTTP backend."""
