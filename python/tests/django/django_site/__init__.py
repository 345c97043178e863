"""A small site with sign-up, log-in, change and reset, in English and Japanese, that the tests drive."""
