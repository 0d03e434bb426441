"""The WSGI application that granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonground.site.settings")
application = get_wsgi_application()

# What is loaded by now stays for good: no sweep for dead objects looks at it again, or makes a page wait for that.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
