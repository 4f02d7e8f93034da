"""The page to try the API with, in a browser, without the internet."""
