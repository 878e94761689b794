"""Section 1, the three headers and the list of origins."""

import pytest

from client import EVERY_RESPONSE

LISTED = "https://www.bank.example"
BELOW = ("https://a.shop.example", "https://a.b.shop.example")
ORIGIN = "Access-Control-Allow-Origin"


@pytest.mark.parametrize("origin", [LISTED, "null", "https://evil.example", "", "*", "a\tb"])
def test_without_a_list_every_origin_is_answered_with_a_star(api, event_type, origin):
    for response in (api.get(event_type=event_type, headers={"Origin": origin}),
                     api.post(b"{", headers={"Origin": origin}),
                     api.request("OPTIONS", headers={"Origin": origin}),
                     api.request("DELETE", headers={"Origin": origin}),
                     api.request("GET", "/nothing", headers={"Origin": origin})):
        assert response.header(ORIGIN) == "*"
        assert response.header("Access-Control-Allow-Credentials") is None


@pytest.fixture(scope="module")
def listing(run_dir, build_dir, settings):
    from servers import Daemon
    responder = Daemon("listing", run_dir, build_dir,
                       settings | {"allowed_origins": [LISTED, "http://localhost:8080", "https://*.shop.example"]}).start()
    yield responder
    assert responder.stop() == 0


def ask(listing, origin, method="GET", path="/healthz", body=None):
    expected = origin if origin in (LISTED, "http://localhost:8080", *BELOW) else None
    response = listing.request(method, path, body=body, headers=None if origin is None else {"Origin": origin},
                               expect={ORIGIN: expected})
    return response


@pytest.mark.parametrize("origin", [LISTED, "http://localhost:8080", *BELOW])
def test_listed_origin_is_echoed(listing, origin):
    for method, path, body in (("GET", "/healthz", None), ("GET", "", None), ("OPTIONS", "", None), ("PUT", "", b"{}"), ("POST", "", b"{"),
                               ("GET", "/nothing", None)):
        assert "origin" in ask(listing, origin, method, path, body).header("Vary").lower()


@pytest.mark.parametrize("origin", [
    None, "null", "", "*", "https://evil.example", LISTED + ".evil.example", LISTED + "/", LISTED + ":443", LISTED.upper(), "http://www.bank.example",
    "https://bank.example", "https://www.bank.example https://evil.example", LISTED + "\r\nX-Injected: 1", LISTED + "\n", " " + LISTED, LISTED[:-1],
    "http://localhost:80801", "http://localhost", "https://shop.example", "https://.shop.example", "https://evilshop.example", "http://a.shop.example",
    "https://a.shop.example:8443", "https://evil.example/.shop.example", "https://evil.example\r\nX-Injected: 1\r\n.shop.example"])
def test_other_origin_gets_no_permission(listing, origin):
    for method, path, body in (("GET", "/healthz", None), ("OPTIONS", "", None), ("POST", "", b"{")):
        response = ask(listing, origin, method, path, body)
        assert response.header("X-Injected") is None
        assert "origin" in response.header("Vary").lower()


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rX-Injected: 1", "a\r\n\r\n<html>", "a\0b", "\r\n", "a\x1b"])
def test_header_cannot_be_injected_through_what_is_echoed(daemon, value):
    for method, path in (("GET", "/healthz"), ("OPTIONS", ""), ("PATCH", ""), ("GET", "/nothing")):
        response = daemon.request(method, path, headers={"X-Request-Id": value, "Origin": value})
        assert response.header("X-Injected") is None
        assert len(response.fields) == len({name.lower() for name, _ in response.fields})
        assert "\n" not in response.header("X-Request-Id")


def test_error_text_carries_no_markup_or_control_character_of_the_caller(api):
    response = api.request("GET", params="event_type=a&%3Cscript%3E%0d%0a%00%1b=1")
    assert response.status == 400
    assert not any(byte < 0x20 for byte in response.body.rstrip(b"\n"))
    assert set(EVERY_RESPONSE) <= {name for name, _ in response.fields}
