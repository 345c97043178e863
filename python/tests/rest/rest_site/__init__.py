"""A site whose pages are JSON: Django REST framework and what is built on it, and django-ninja."""
