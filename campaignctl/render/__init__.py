"""Values to text: for terminals and for programs. Foreign text passes one escape module."""
