"""The text format of Prometheus, read strictly."""

import re

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def unescape(text):
    return re.sub(r'\\[\\"n]', lambda match: ESCAPES[match.group(0)], text)


class Exposition:
    """What one scrape said: samples by name and labels."""

    def __init__(self, text):
        self.text = text
        self.types = {}
        self.samples = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                name, kind = line.split(" ")[2:]
                assert name not in self.types, f"{name} stands there twice"
                self.types[name] = kind
            elif not line.startswith("#"):
                match = LINE.fullmatch(line)
                assert match, f"no sample: {line!r}"
                labels = frozenset((name, unescape(value)) for name, value in LABEL.findall(match.group(2) or ""))
                assert (match.group(1), labels) not in self.samples, f"twice: {line!r}"
                self.samples[match.group(1), labels] = float(match.group(3))

    def total(self, name, **labels):
        """The sum of all samples that have these labels; 0 where there is none."""
        return sum(value for (sample, of), value in self.samples.items() if sample == name and of >= set(labels.items()))

    def has(self, name, **labels):
        return any(sample == name and of >= set(labels.items()) for sample, of in self.samples)


def scrape(api, accept=None):
    """api: anything with request(method, path)."""
    fields = {"Accept": accept} if accept else None
    response = api.request("GET", "/metrics", headers=fields, expect={"Content-Type": OPENMETRICS if accept else PROMETHEUS})
    assert response.status == 200, response
    return Exposition(response.body.decode())
