"""The record of what was created: values, the steps between them, and their JSON form."""
