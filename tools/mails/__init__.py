"""Real html mails for `tests/lint/mails.zip`: what mail tools make of their own templates, and of ours."""
