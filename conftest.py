pytest_plugins = ["eventhub.testing.fixtures"]
