"""The generator notices what it must: bench/limit spoils one message for one receiver, and the run has to end with the sentence that says so."""

import asyncio
import contextlib
import json
import pathlib
import signal
import socketserver
import ssl
import subprocess
import threading
import time

import pytest

from harness import limit, load, server

ROOT = pathlib.Path(__file__).resolve().parents[2]
FRAME = 189


@contextlib.contextmanager
def running_limit(mode="single", *fault):
    process = server.Server("limit", [limit.PROGRAM, "--port", 0, "--frame", FRAME, "--mode", mode, *fault], None, ready=r"^listening on (\d+)$").start()
    try:
        yield process
    finally:
        process.stop()


def generate(process, rooms, scenario="fanout", **options):
    """(status, answer, sentence) of a short run against it; two rooms of 20, unless the options say otherwise."""
    usual = {"members": 20, "window": 4, "warmup": 0, "seconds": 0.5, "patience": 2}
    options = {"port": process.port, "dialect": f"limit:frame={FRAME}", "rooms": rooms, "pid": process.pid, **(usual if scenario == "fanout" else {"patience": 2}), **options}
    done = subprocess.run(load.command(scenario, options), capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else None, done.stderr


@pytest.fixture
def rooms(tmp_path):
    file = tmp_path / "rooms"
    file.write_text("one\ntwo\n")
    return file


@pytest.mark.parametrize("mode", ["single", "coalesced"])
def test_a_faultless_server_passes_and_every_message_is_accounted_for(rooms, mode):
    with running_limit(mode) as process:
        for options in ({"window": 1}, {"window": 16, "senders": 3}, {"rate": 500}, {"window": 4, "until": "ack"}, {"window": 4, "until": "one"}):
            status, answer, sentence = generate(process, rooms, **options)
            assert status == 0, sentence
            receivers = 20 + options.get("senders", 1) - 1
            assert answer["checked"] % receivers == 0 and answer["checked"] >= answer["delivered"] > 0
            assert answer["acked"] > 0 and answer["delivery_us"]["n"] > 0
            per_delivery = answer["bytes_received"] / (answer["delivered"] + answer["acked"])
            assert per_delivery == pytest.approx(FRAME, rel=0.01), "the bytes that were asked for, and no others"


# In both modes of the limit the fault is made message by message: what differs is only how it is sent.
@pytest.mark.parametrize(("fault", "told"), [
    ("loss", "where 30 was due: lost, or out of order"),
    ("repeat", "again, or late"),
    ("swap", "lost, or out of order"),
    ("foreign", "of another room"),
    ("garble", "which nobody sent"),
    ("cut", "was ended by the server"),
])
@pytest.mark.parametrize("flow", [{"window": 4}, {"rate": 400}])
def test_a_fault_ends_the_run(rooms, fault, told, flow):
    one_room = rooms.with_name("one-room")
    one_room.write_text("one\n")
    with running_limit("single", "--fault", fault, "--fault-at", 30) as process:
        status, _, sentence = generate(process, rooms if fault == "foreign" else one_room, **flow)
    assert status == 1
    assert told in sentence, sentence
    assert "connection " in sentence and " of room " in sentence


def test_the_loss_of_the_very_last_message_is_noticed_too(rooms):
    rooms.write_text("one\n")
    with running_limit("single", "--fault", "loss", "--fault-at", 50) as process:
        status, _, sentence = generate(process, rooms, count=50)
    assert status == 1
    assert "deliveries stopped: 999 of 1000 came, 50 of 50 messages were acknowledged" in sentence, sentence


def test_the_repeat_of_the_very_last_message_is_noticed_too(rooms):
    rooms.write_text("one\n")
    with running_limit("single", "--fault", "repeat", "--fault-at", 50) as process:
        status, _, sentence = generate(process, rooms, count=50)
    assert status == 1
    assert "got message 50 of sender 0 again" in sentence, sentence


@pytest.mark.parametrize(("scenario", "options"), [
    ("churn", {"members": 10, "rate": 200, "churn": 50, "stay": 0.1, "seconds": 1, "warmup": 0.2}),
    ("mixed", {"connections": 40, "talking": 0.5, "talk-rooms": 1, "rate": 200, "history-rate": 0, "typing-rate": 0, "seconds": 1, "warmup": 0.2, "sample": 0.3,
               "http-connections": 0}),
])
@pytest.mark.parametrize("fault", ["loss", "repeat", "swap"])
def test_the_other_scenarios_check_as_well(rooms, scenario, options, fault):
    with running_limit() as process:
        status, answer, sentence = generate(process, rooms, scenario, **options)
        assert status == 0, sentence
        assert answer["checked"] > 0
    with running_limit("single", "--fault", fault, "--fault-at", 40) as process:
        status, _, sentence = generate(process, rooms, scenario, **options)
    assert status == 1 and "got message" in sentence, sentence


def test_a_stalled_server_is_charged_with_what_should_have_been_sent(rooms):
    """Coordinated omission: of 200 messages/s in 2 s, those that were due in half a second of standstill waited a quarter on average."""
    rooms.write_text("one\n")
    with running_limit() as process:
        def stall():
            time.sleep(1.2)
            process.process.send_signal(signal.SIGSTOP)
            time.sleep(0.5)
            process.process.send_signal(signal.SIGCONT)
        thread = threading.Thread(target=stall)
        thread.start()
        status, answer, sentence = generate(process, rooms, rate=200, seconds=2, patience=10)
        thread.join()
    assert status == 0, sentence
    assert answer["sent"] == pytest.approx(400, abs=2), "an open loop does not wait"
    assert answer["delivery_us"]["max"] > 450_000
    assert answer["delivery_us"]["p90"] > 200_000, "a fifth and more of the messages were due in the standstill"


def test_a_server_that_dies_is_no_result(rooms):
    with running_limit() as process:
        threading.Timer(0.8, process.process.kill).start()
        status, _, sentence = generate(process, rooms, seconds=5)
    assert status == 1 and ("was ended by the server" in sentence or "cannot send" in sentence), sentence


@contextlib.contextmanager
def tls_before(port, folder):
    """The port of a TLS server that passes everything on to `port`."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    async def pass_on(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader, writer):
        behind = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(pass_on(reader, behind[1]), pass_on(behind[0], writer))

    started, told = threading.Event(), {}

    async def main():
        told["stop"], told["loop"] = asyncio.Event(), asyncio.get_running_loop()
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        told["port"] = listening.sockets[0].getsockname()[1]
        started.set()
        await told["stop"].wait()
        listening.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))  # which ends what is still connected
    thread.start()
    assert started.wait(10)
    try:
        yield told["port"]
    finally:
        told["loop"].call_soon_threadsafe(told["stop"].set)
        thread.join()


@pytest.mark.parametrize("options", [{}, {"window": 16, "senders": 3, "payload": 20_000}, {"rate": 200}])
def test_over_tls_everything_is_the_same(rooms, tmp_path, options):
    with running_limit("coalesced") as process, tls_before(process.port, tmp_path) as port:
        status, answer, sentence = generate(process, rooms, tls=True, **{**options, "port": port})
        assert status == 0, sentence
        assert answer["tls"] is True and answer["checked"] > 0
    with running_limit("single", "--fault", "loss", "--fault-at", 30) as process, tls_before(process.port, tmp_path) as port:
        status, _, sentence = generate(process, rooms, tls=True, port=port)
        assert status == 1 and "lost, or out of order" in sentence, sentence


def test_requests_over_tls(tmp_path):
    with running_http(Http) as http, tls_before(http.port, tmp_path) as port:
        http.port = port
        status, answer, sentence = rest(http, connections=4, tls=True)
        assert status == 0, sentence
        assert answer["requests"] > 100


class Http(socketserver.BaseRequestHandler):
    """Answers one request after the other; ends a connection on which nothing has come for 0.3 s."""

    status = "200 OK"

    def handle(self):
        self.server.connections += 1
        self.request.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while self.request.recv(65536):
                self.request.sendall(f"HTTP/1.1 {self.status}\r\nContent-Length: 2\r\n\r\n[]".encode())


class Http500(Http):
    status = "500 Internal Server Error"


@contextlib.contextmanager
def running_http(handler):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as http:
        http.connections, http.port, http.daemon_threads = 0, http.server_address[1], True
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield http
        http.shutdown()


def rest(http, **options):
    done = subprocess.run(load.command("rest", {"port": http.port, "path": "/", "warmup": 0, "seconds": 2, "patience": 2, **options}), capture_output=True, text=True, timeout=30)
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else None, done.stderr


def test_an_idle_connection_that_the_server_ends_is_replaced():
    with running_http(Http) as http:
        status, answer, sentence = rest(http, rate=2, connections=2)
        assert status == 0, sentence
        assert answer["requests"] >= 3 and http.connections > 2


def test_an_answer_that_is_no_success_ends_the_run():
    with running_http(Http500) as http:
        status, _, sentence = rest(http, connections=2)
        assert status == 1 and "GET / HTTP/1.1 was answered HTTP/1.1 500" in sentence, sentence


def test_what_is_misspelt_is_refused(rooms):
    with running_limit() as process:
        status, _, sentence = generate(process, rooms, windw=4)
        assert status == 1 and "--windw is no option" in sentence
        status, _, sentence = generate(process, rooms, dialect="limt")
        assert status == 1 and "no dialect is called limt" in sentence


def test_the_generators_own_parts():
    done = subprocess.run([ROOT / "build/bench/bench/load_tests", "--gtest_brief=1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
