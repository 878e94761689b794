"""The fixtures of tests/http, for tests that kill what they run. They take longer, so they stand apart."""

import importlib.util
import os
import sys

HTTP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "http")
sys.path.insert(0, HTTP)

_spec = importlib.util.spec_from_file_location("http_conftest", os.path.join(HTTP, "conftest.py"))
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
globals().update({name: value for name, value in vars(_module).items() if not name.startswith("__")})
