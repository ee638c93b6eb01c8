"""Real headless Chromium in front of the back office: `make test-browser`."""
