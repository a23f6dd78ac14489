"""The hosts of pipelines, GitHub Actions and GitLab CI: what their jobs ask them, and what `ci` decides."""
