"""Request lines, targets and hosts (RFC 9112, 2 and 3; docs/edge.md: HTTP-2, HTTP-3, HTTP-7, HTTP-8)."""

import pytest

from support.http_table import Answer, answered, get, names, refused, refused_at_once, run, several

MALFORMED = "malformed request"
H = "Host: x\r\n"
END = f"{H}\r\n"

# HTTP-8: what cannot become a request is refused at its first impossible byte: nothing follows these.
FIRST_BYTES = [refused_at_once(f"first bytes {data!r}", data, 400, MALFORMED) for data in (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    b"\x80\x2e\x01\x03\x01", b"\x00", b"\x01\x02\x03", b"\xff\xfe", b"\xef\xbb\xbfGET / HTTP/1.1\r\n", b" ", b"\t", b"\n", b"\n\n",
    b"\rX", b"\r\r\n", b"\r\n\n", b"\r\n\r\n\r\n", b" GET / HTTP/1.1\r\n", b"(", b"<html>", b"{\"id\":1}", b"\"", b":", b"/", b"@", b"[", b"=",
    b"G\x00T", b"GET\t", b"GET\n", b"GET\r\n", b"GET\x0b/", b"G\xc3\x89T", b"GE,T",
    b"SSH-2.0-OpenSSH_9.2\r\n", b"*3\r\n", b"EHLO x\r\n", b"USER root\r\n",
)]

# And so is whatever comes later, at its byte.
LATER_BYTES = [
    refused_at_once("at once: a long method", "A" * 33, 400, MALFORMED), refused_at_once("at once: a fragment", "GET /#", 400, MALFORMED),
    refused_at_once("at once: a second blank", "GET  ", 400, MALFORMED), refused_at_once("at once: no version", "GET /\r", 400, MALFORMED),
    refused_at_once("at once: no HTTP", "GET / X", 400, MALFORMED),
    refused_at_once("at once: version 2", "GET / HTTP/2", 505, "HTTP version not supported"),
    refused_at_once("at once: version 1.2", "GET / HTTP/1.2", 505, "HTTP version not supported"),
    refused_at_once("at once: a bare LF", "GET / HTTP/1.1\n", 400, MALFORMED),
    refused_at_once("at once: a bare CR", "GET / HTTP/1.1\rH", 400, MALFORMED),
    refused_at_once("at once: a target that is too long", "GET /" + "a" * 8192, 414, "request target too long"),
    refused_at_once("at once: a blank before any field", "GET / HTTP/1.1\r\n ", 400, MALFORMED),
    refused_at_once("at once: a folded line", "GET / HTTP/1.1\r\nHost: x\r\n\t", 400, MALFORMED),
    refused_at_once("at once: a blank inside a name", "GET / HTTP/1.1\r\nHost ", 400, MALFORMED),
    refused_at_once("at once: an empty name", "GET / HTTP/1.1\r\n:", 400, MALFORMED),
    refused_at_once("at once: NUL", "GET / HTTP/1.1\r\nHost: \0", 400, MALFORMED),
    refused_at_once("at once: a head that is too large", "GET / HTTP/1.1\r\nHost: " + "x" * 16363, 431, "request head too large"),
]

METHODS = [
    answered("HEAD", get(method="HEAD"), 200, head=True),
    answered("lower case get", get(method="get"), 405, "Method Not Allowed", headers={"allow": "GET, HEAD, OPTIONS"}),
    answered("mixed case", get(method="Get"), 405, "Method Not Allowed", headers={"allow": "GET, HEAD, OPTIONS"}),
    answered("an unknown method", get(method="BREW"), 405, "Method Not Allowed"),
    answered("an unknown method elsewhere", get("/nowhere", method="BREW"), 404, "Not Found"),
    answered("all token characters", get(method="!#$%&'*+-.^_`|~09az"), 405, "Method Not Allowed"),
    answered("32 bytes of method", get(method="A" * 32), 405, "Method Not Allowed"),
    refused("33 bytes of method", get(method="A" * 33), 400, MALFORMED),
    answered("TRACE is not echoed", get(method="TRACE", fields="Cookie: secret\r\n"), 405, "Method Not Allowed"),
    answered("DELETE", get("/api/v1/rooms", method="DELETE"), 405, "Method Not Allowed", headers={"allow": "GET, HEAD, POST, OPTIONS"}),
    answered("PUT with a body", get("/api/v1/users", "Content-Length: 2\r\n", method="PUT") + "{}", 405, "Method Not Allowed",
        headers={"allow": "POST, OPTIONS"}),
    answered("PATCH", get("/healthz", method="PATCH"), 405, "Method Not Allowed", headers={"allow": "GET, HEAD, OPTIONS"}),
    answered("HEAD of what is posted to", get("/api/v1/users", method="HEAD"), 405, head=True, headers={"allow": "POST, OPTIONS"}),
    answered("HEAD of nothing", get("/nowhere", method="HEAD"), 404, head=True),
    answered("HEAD without a token", get("/api/v1/rooms", method="HEAD"), 401, head=True),
    answered("HEAD of what has no end", get("/connection/sse?cf_connect=%7B%7D", method="HEAD"), 400, head=True),
    answered("OPTIONS", get("/api/v1/rooms", method="OPTIONS"), 204, headers={"allow": "GET, HEAD, POST, OPTIONS"}),
    answered("OPTIONS of nothing", get("/nowhere", method="OPTIONS"), 404, "Not Found"),
    answered("OPTIONS of the server", get("*", method="OPTIONS"), 204, headers={"allow": "GET"}),
    answered("OPTIONS with a body", get("/", "Content-Length: 3\r\n", method="OPTIONS") + "abc", 204),
    refused("CONNECT", get("example.com:443", method="CONNECT"), 400, "CONNECT is not supported"),
    refused("CONNECT with a path", get("/", method="CONNECT"), 400, "CONNECT is not supported"),
    refused("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP version not supported"),
    refused("HEAD that is malformed has no body either", get("/", "X : 1\r\n", method="HEAD"), 400, head=True),
    refused("HEAD of a fragment", get("/#x", method="HEAD"), 400, head=True),
    refused("HEAD behind an empty line", "\r\n" + get("/#x", method="HEAD"), 400, head=True),
    refused("HEAD of another version", get("/", method="HEAD", version="HTTP/3.0"), 505, head=True),
    refused("HEADER is not HEAD", get("/#x", method="HEADER"), 400, MALFORMED),
]

VERSIONS = [
    *(refused(f"version {v}", f"GET / HTTP/{v}\r\n{END}", 505, "HTTP version not supported") for v in ("0.9", "1.2", "1.9", "2.0", "2.1", "3.0",
        "9.9", "0.0", "01.1")),
    *(refused(f"version {v!r}", f"GET / {v}\r\n{END}", 400, MALFORMED) for v in (
        "http/1.1", "Http/1.1", "HTTP/1.1.1", "HTTP/11", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1.x", "HTTP/x.1", "HTTP/1.10", "HTTP/1,1",
        "HTTP 1.1", "HTTP", "HTTP/", "HTTPS/1.1", "ICY/1.1", "", "1.1", "HTTP/1.1 ", "HTTP/1.1\t", "HTTP/1.1 HTTP/1.1", "\tHTTP/1.1", "HTTP/-1.1",
        "HTTP/1.\xb2")),
    refused("no version", f"GET /\r\n{END}", 400, MALFORMED),
    refused("HTTP/0.9", "GET /\r\n", 400, MALFORMED),
    several("HTTP/1.0", get(version="HTTP/1.0"), Answer(200), ends=True),
    several("HTTP/1.0 without Host", get(version="HTTP/1.0", host=""), Answer(200), ends=True),
    several("HTTP/1.0 kept alive", get(version="HTTP/1.0", fields="Connection: keep-alive\r\n"), Answer(200, headers={"connection": "keep-alive"})),
    several("HTTP/1.0 kept alive and closed", get(version="HTTP/1.0", fields="Connection: keep-alive, close\r\n"), Answer(200), ends=True),
    several("HTTP/1.0 with a body", get("/api/v1/users", "Content-Length: 2\r\n", method="POST", version="HTTP/1.0") + "{}", Answer(422), ends=True),
    refused("HTTP/1.0 with a bad Host", get(version="HTTP/1.0", host="Host: a b\r\n"), 400, "malformed Host"),
    refused("HTTP/1.0 with two Hosts", get(version="HTTP/1.0", host="Host: a\r\nHost: a\r\n"), 400, "exactly one Host is needed"),
    several("HTTP/1.0 has no stream", get("/connection/sse?cf_connect=%7B%7D", version="HTTP/1.0"), Answer(400), ends=True),
    several("HTTP/1.0 ignores an upgrade",
        get(version="HTTP/1.0",
            fields="Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            Answer(200, body=b'{"message":"/"}'), ends=True),
    several("HTTP/1.0 gets no 100", get("/api/v1/users", "Expect: 100-continue\r\nContent-Length: 2\r\n", method="POST", version="HTTP/1.0") + "{}",
        Answer(422), ends=True),
]

SEPARATORS = [
    refused("two blanks before the target", f"GET  / HTTP/1.1\r\n{END}", 400, MALFORMED),
    refused("two blanks behind the target", f"GET /  HTTP/1.1\r\n{END}", 400, MALFORMED),
    refused("a tab before the target", f"GET\t/ HTTP/1.1\r\n{END}", 400, MALFORMED),
    refused("a tab behind the target", f"GET /\tHTTP/1.1\r\n{END}", 400, MALFORMED),
    refused("a blank inside the target", f"GET /a b HTTP/1.1\r\n{END}", 400, MALFORMED),
    refused("a vertical tab inside the target", f"GET /a\x0bb HTTP/1.1\r\n{END}", 400, MALFORMED),
    refused("a blank behind the version", f"GET / HTTP/1.1 \r\n{END}", 400, MALFORMED),
    refused("bare LF", f"GET / HTTP/1.1\n{END}", 400, MALFORMED),
    refused("bare LF everywhere", "GET / HTTP/1.1\nHost: x\n\n", 400, MALFORMED),
    refused("bare LF in the target", f"GET /\n HTTP/1.1\r\n{END}", 400, MALFORMED),
    refused("bare CR", f"GET / HTTP/1.1\r{END}", 400, MALFORMED),
    refused("CR CR LF", f"GET / HTTP/1.1\r\r\n{END}", 400, MALFORMED),
    refused("NUL in the version", f"GET / HTTP/1.1\0\r\n{END}", 400, MALFORMED),
    answered("one empty line in front", "\r\n" + get(), 200),
    answered("two empty lines in front", "\r\n\r\n" + get(), 200),
    refused("three empty lines in front", "\r\n\r\n\r\n" + get(), 400, MALFORMED),
    several("an empty line between two", get() + "\r\n" + get("/nowhere"), Answer(200), Answer(404)),
    answered("a body, then an empty line", get("/api/v1/users", "Content-Length: 2\r\n", method="POST") + "{}\r\n", 422),
]

TARGETS = [
    answered("a query only", get("/?"), 200), answered("many question marks", get("/?a=b?c=d??"), 200),
    answered("nothing there", get("/nowhere"), 404, "Not Found"),
    answered("two slashes", get("//"), 404, "Not Found"), answered("three slashes", get("///"), 404, "Not Found"),
    answered("an empty segment", get("/api//v1/rooms"), 404, "Not Found"), answered("two slashes in front", get("//healthz"), 404, "Not Found"),
    answered("two slashes behind", get("/healthz//"), 404, "Not Found"), answered("one slash behind", get("/healthz/"), 200),
    answered("dots", get("/../healthz"), 404, "Not Found"), answered("a dot", get("/./healthz"), 404, "Not Found"),
    answered("dots inside", get("/docs/../healthz"), 404, "Not Found"),
    answered("file-system paths", get("/../../../../etc/passwd"), 404, "Not Found"),
    answered("a backslash", get("/..\\..\\etc\\passwd"), 404, "Not Found"),
    answered("a path of the data folder", get("/data/chat.db"), 404, "Not Found"), answered("a semicolon", get("/healthz;x=1"), 404, "Not Found"),
    answered("another case", get("/HEALTHZ"), 404, "Not Found"), answered("a colon", get("/a:b"), 404, "Not Found"),
    refused("no slash", get("nowhere"), 400, "malformed request target"), refused("a dot alone", get("."), 400, "malformed request target"),
    refused("a query alone", get("?a=b"), 400, "malformed request target"), refused("an asterisk", get("*"), 400, "malformed request target"),
    refused("an asterisk and more", get("*?x", method="OPTIONS"), 400, "malformed request target"),
    answered("a slash and an asterisk", get("/*", method="OPTIONS"), 404, "Not Found"),
    refused("a fragment", get("/#x"), 400, MALFORMED), refused("a fragment behind a query", get("/?a=b#x"), 400, MALFORMED),
    refused("a fragment alone", get("#"), 400, MALFORMED),
    refused("no target", f"GET  HTTP/1.1\r\n{END}", 400, MALFORMED), refused("no target at all", f"GET HTTP/1.1\r\n{END}", 400, MALFORMED),
    *(refused(f"a raw byte {byte:#04x}", get("/a" + chr(byte)), 400, MALFORMED) for byte in (0x00, 0x01, 0x08, 0x0c, 0x1b, 0x1f, 0x7f, 0x80, 0xa0,
        0xc3, 0xff)),
    refused("raw UTF-8", "GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400, MALFORMED),
    answered("8191 bytes", get("/" + "a" * 8190), 404, "Not Found"), answered("8192 bytes", get("/" + "a" * 8191), 404, "Not Found"),
    refused("8193 bytes", get("/" + "a" * 8192), 414, "request target too long"),
    refused("8193 bytes of query", get("/?" + "a" * 8191), 414, "request target too long"),
    refused("a target without end", "GET /" + "a" * 30000, 414, "request target too long"),
    # absolute-form (RFC 9112, 3.2.2)
    answered("absolute-form of this host", get("http://x/healthz"), 200), answered("absolute-form in another case", get("HTTP://X/healthz"), 200),
    answered("absolute-form with https", get("https://x/"), 200), answered("absolute-form without a path", get("http://x"), 200),
    answered("absolute-form with a query alone", get("http://x?a=b"), 200),
    answered("absolute-form with a port", get("http://x:8000/", host="Host: x:8000\r\n"), 200),
    answered("absolute-form of an IPv6 address", get("http://[::1]:80/", host="Host: [::1]:80\r\n"), 200),
    *(refused(f"absolute-form elsewhere: {target}", get(target), 400, "request target is elsewhere") for target in (
        "http://example.com/", "http://x:80/", "http://user@x/", "http://user:pw@x/", "http://x.example.com/", "http:///healthz", "http://",
        "http://x%2f/", "https://y")),
    *(refused(f"another scheme: {target}", get(target), 400, "malformed request target") for target in (
        "ftp://x/", "ws://x/", "file:///etc/passwd", "gopher://x/", "javascript:alert(1)", "http:/x", "http:x", "x:80", "://x/")),
]

ESCAPES = [
    *(refused(f"escape {path!r}", get(path), 400, "malformed escape in the request target") for path in (
        "/%", "/%4", "/%zz", "/%4z", "/%z4", "/%%", "/%%20", "/%u0041", "/%+41", "/a%", "/%0x41",
        "/%00", "/a%00b", "/healthz%00", "/%80", "/%ff%fe", "/%c3", "/%c3%28", "/%c0%af", "/%c0%ae%c0%ae/", "/%c1%bf", "/%e0%80%af", "/%e0%9f%bf",
        "/%f0%80%80%af", "/%f0%8f%bf%bf",
        "/%ed%a0%80", "/%ed%bf%bf", "/%ed%a0%bd%ed%b8%80", "/%f4%90%80%80", "/%f5%80%80%80", "/%fe", "/%ff", "/%f0%9f%98", "/%e2%82",
        "/?%", "/?a=%", "/?a=%f", "/?a=%zz", "/?a=%00", "/?%00=a", "/?a=%ff", "/?a=%c0%80", "/?a=%ed%a0%80", "/?a=b&c=%e2%82")),
    answered("an encoded slash never separates", get("/api/v1%2Frooms"), 404, "Not Found"),
    answered("nor in lower case", get("/api%2fv1/rooms"), 404, "Not Found"),
    answered("an encoded letter is that letter", get("/%68ealthz"), 200), answered("decoded once", get("/%2568ealthz"), 404, "Not Found"),
    answered("encoded dots are a name", get("/%2e%2e/healthz"), 404, "Not Found"),
    answered("an encoded backslash", get("/..%5c..%5cetc"), 404, "Not Found"),
    answered("an encoded question mark is no query", get("/healthz%3Fa=b"), 404, "Not Found"),
    answered("an encoded fragment is a name", get("/healthz%23x"), 404, "Not Found"),
    answered("an encoded percent sign", get("/%25"), 404, "Not Found"),
    answered("encoded line ends split nothing", get("/%0d%0aX-A:%201"), 404, "Not Found"),
    answered("two-byte UTF-8", get("/%c3%a9"), 404, "Not Found"), answered("four-byte UTF-8", get("/%f0%9f%98%80"), 404, "Not Found"),
    answered("U+10FFFF", get("/%f4%8f%bf%bf"), 404, "Not Found"),
    answered("a plus is a plus in a path", get("/+"), 404, "Not Found"), answered("UTF-8 in a query", get("/?%c3%a9=%f0%9f%98%80"), 200),
    answered("a query of separators", get("/?&&=&=&a&"), 200),
]

HOST = [
    *(answered(f"Host: {host}", get(host=f"Host: {host}\r\n"), 200) for host in (
        "x", "X", "example.com", "example.com.", "a-b_c~d.1", "127.0.0.1", "127.0.0.1:80", "x:0", "x:65535", "x:", "[::1]", "[::1]:8000",
        "[2001:db8::1]:1", "[::ffff:1.2.3.4]", "x" * 255)),
    answered("a Host between blanks", get(host="Host: \t x \t \r\n"), 200), answered("a Host in another case", get(host="hOsT:x\r\n"), 200),
    *(refused(f"Host: {host!r}", get(host=f"Host:{host}\r\n"), 400, "malformed Host") for host in (
        "", " ", " a b", " a,b", " x, x", " a/b", " a/", " user@x", " http://x", " x?y", " x#y", " a\\b", " é", " a\tb", " x:65536", " x:99999",
        " x:123456", " x:port", " x:-1", " x:+1", " x:8 0", " :80", " :",
        " x:80:80", " ::1", " [::1", " ::1]", " []", " [::1]80", " [::1]:x", " [::1]:65536", " [1.2.3.4]", " [::g]", " [::1%25lo]", " [v1.x]",
        " [[::1]]", " *", " x%41", " \"x\"", " <x>", " x;y", " " + "x" * 256)),
    answered("Host: [::1]:", get(host="Host: [::1]:\r\n"), 200),
    refused("no Host", get(host=""), 400, "exactly one Host is needed"),
    refused("two Hosts", get(host="Host: a\r\nHost: b\r\n"), 400, "exactly one Host is needed"),
    refused("two equal Hosts", get(host="Host: x\r\nHost: x\r\n"), 400, "exactly one Host is needed"),
    refused("two Hosts in different case", get(host="Host: x\r\nhOST: x\r\n"), 400, "exactly one Host is needed"),
    refused("a Host and an empty one", get(host="Host: x\r\nHost:\r\n"), 400, "exactly one Host is needed"),
]

CASES = FIRST_BYTES + LATER_BYTES + METHODS + VERSIONS + SEPARATORS + TARGETS + ESCAPES + HOST


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_request_lines(world, case):
    run(case, world)
