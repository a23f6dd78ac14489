"""Pipelines for GitHub and GitLab: the templates beside this file, filled in for one project."""
