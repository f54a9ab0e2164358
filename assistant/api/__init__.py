"""The HTTP service; the one adapter of FastAPI. Import its modules inside the call that serves."""
