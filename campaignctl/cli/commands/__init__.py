"""One module for each command (or small family of them), imported only when it runs."""
