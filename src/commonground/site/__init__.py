"""Where all is put together: settings, addresses, accounts."""
