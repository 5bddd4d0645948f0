"""chatd's commands and settings, as an operator types them."""

import base64
import json
import re
import subprocess

import pytest

from support.servers import BINARY, run_chatd


def chatd(tmp_path, *args, **env):
    return run_chatd(*args, env={"DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "a test's own secret key, long enough", **env}, cwd=tmp_path)


@pytest.mark.parametrize("args", [("--help",), ("serve", "--help"), ("migrate", "--help"), ("user", "--help"), ("user", "add", "--help"), ("token", "--help"),
                                  ("check-config", "--help"), ("config-doc", "--help"), ("openapi", "--help"), ("asyncapi", "--help"), ("version", "--help")])
def test_help_is_everywhere(tmp_path, args):
    done = chatd(tmp_path, *args)
    assert done.returncode == 0 and "chatd" in done.stdout, done


def test_version_and_documents(tmp_path):
    assert re.match(r"chatd \d+\.\d+\.\d+", chatd(tmp_path, "version").stdout)
    assert json.loads(chatd(tmp_path, "openapi").stdout)["openapi"].startswith("3.1")
    doc = chatd(tmp_path, "config-doc").stdout
    assert "`DATA_DIR`" in doc and "`SECRET_KEY`" in doc and "|" in doc


@pytest.mark.parametrize("args, env, word", [
    (("check-config",), {"LISTEN": "nonsense"}, "LISTEN"),
    (("check-config",), {"ACCESS_TOKEN_EXPIRE_MINUTES": "soon"}, "ACCESS_TOKEN_EXPIRE_MINUTES"),
    (("check-config",), {"ALGORITHM": "none"}, "ALGORITHM"),
    (("check-config",), {"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
    (("check-config",), {"SECRET_KEY": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"}, "SECRET_KEY"),
    (("serve",), {"PING_INTERVAL": "-3s"}, "PING_INTERVAL"),
    (("serve", "--dta-dir", "x"), {}, "--data-dir"),
    (("serve",), {"DATA_DIR": "/proc/nothing/here"}, "DATA_DIR"),
    (("srve",), {}, "serve"),
])
def test_a_wrong_setting_stops_the_start_with_one_sentence(tmp_path, args, env, word):
    done = chatd(tmp_path, *args, **env)
    assert done.returncode not in (0, -6, -11), done
    told = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(told) == 1 and word in told[0], done.stderr
    assert "BEGIN PUBLIC" not in done.stderr


def test_flags_win_over_the_environment_and_that_over_the_env_file(tmp_path):
    (tmp_path / ".env").write_text('LISTEN="127.0.0.1:1111" # here\nexport SESSION_MAX_DAYS=7\nALGORITHM=HS384\n')
    told = chatd(tmp_path, "check-config", "--listen", "127.0.0.1:3333", LISTEN="127.0.0.1:2222", ALGORITHM="HS512").stdout
    assert "127.0.0.1:3333" in told and "HS512" in told and re.search(r"SESSION_MAX_DAYS\D+7\b", told)
    assert "a test's own secret key" not in told


def test_users_and_tokens_from_the_command_line(tmp_path, launch):
    server = launch("sqlite")
    env = {k: v for k, v in server.env.items() if k != "PATH"}
    run = lambda *a, **kw: run_chatd(*a, env=env, **kw)  # noqa: E731
    made = run("user", "add", "grace@example.com", "--name", "Grace", input="a long password\n")
    assert made.returncode == 0, made.stderr
    assert run("user", "add", "grace@example.com", "--name", "Grace", input="a long password\n").returncode != 0
    assert "grace@example.com" in run("user", "list").stdout
    server.api.log_in("grace@example.com", "a long password")
    token = run("token", "grace@example.com").stdout.strip()
    assert server.api.get("/api/v1/rooms", token).status == 200
    assert run("user", "passwd", "grace@example.com", input="another password\n").returncode == 0
    server.api.log_in("grace@example.com", "another password")
    assert run("user", "disable", "grace@example.com").returncode == 0
    assert server.api.post("/api/v1/auth/login", {"username": "grace@example.com", "password": "another password"}).status == 401
    assert run("user", "disable", "nobody@example.com").returncode != 0
    assert run("token", "nobody@example.com").returncode != 0


def test_the_data_folder_and_its_secret_are_private_and_stay(tmp_path):
    from support.servers import Chatd
    server = Chatd(tmp_path, {"SECRET_KEY": ""})
    server.start()
    token = server.api.user()["token"]
    data = tmp_path / "data"
    assert oct(data.stat().st_mode & 0o777) == "0o700"
    assert oct((data / "secret_key").stat().st_mode & 0o777) == "0o600"
    assert server.stop() == 0
    server.start()
    assert server.api.get("/api/v1/rooms", token).status == 200
    assert server.stop() == 0


def test_a_second_server_on_one_data_folder_says_who_holds_it(sqlite_server):
    second = subprocess.run([str(BINARY), "serve"], env=sqlite_server.env, cwd=sqlite_server.folder, capture_output=True, text=True, timeout=30)
    assert second.returncode != 0 and str(sqlite_server.process.pid) in second.stderr


def test_postgres_must_be_migrated_first(tmp_path, postgres):
    url = postgres.url(postgres.new_database())
    done = chatd(tmp_path, "serve", DATABASE_URL=url, LISTEN="127.0.0.1:0")
    assert done.returncode != 0 and "chatd migrate" in done.stderr
    assert chatd(tmp_path, "migrate", "--dry-run", DATABASE_URL=url).returncode == 0
    assert chatd(tmp_path, "serve", DATABASE_URL=url, LISTEN="127.0.0.1:0").returncode != 0
    assert chatd(tmp_path, "migrate", DATABASE_URL=url).returncode == 0
    status = chatd(tmp_path, "migrate", "status", DATABASE_URL=url)
    assert status.returncode == 0 and "newest" in status.stdout
    assert chatd(tmp_path, "migrate", "up", DATABASE_URL=url).returncode == 0


def test_an_unreachable_postgres_is_one_sentence(tmp_path):
    done = chatd(tmp_path, "serve", DATABASE_URL="postgresql://u:secretpw@127.0.0.1:1/none")
    assert done.returncode != 0 and "secretpw" not in done.stderr and "DATABASE_URL" in done.stderr


def test_listening_on_a_taken_port_is_one_sentence(sqlite_server, tmp_path):
    done = chatd(tmp_path, "serve", LISTEN=f"127.0.0.1:{sqlite_server.port}")
    assert done.returncode != 0 and "LISTEN" in done.stderr


def test_tokens_may_be_signed_with_a_private_key(tmp_path, launch):
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key)],
                   check=True, capture_output=True)
    server = launch("sqlite", {"ALGORITHM": "ES256", "SECRET_KEY": "", "SECRET_KEY_FILE": str(key)})
    user = server.api.user()
    assert server.api.get("/api/v1/rooms", user["token"]).status == 200
    header = base64.urlsafe_b64decode(user["token"].split(".")[0] + "==")
    assert json.loads(header)["alg"] == "ES256"


def test_a_token_of_the_original_is_valid_here(sqlite_server):
    import jwt
    import time
    user = sqlite_server.api.sign_up()
    key = sqlite_server.env["SECRET_KEY"]
    theirs = jwt.encode({"uid": user["id"], "name": user["name"], "sub": user["username"], "exp": int(time.time()) + 60}, key, algorithm="HS256")
    assert sqlite_server.api.get("/api/v1/rooms", theirs).status == 200
    ours = jwt.decode(sqlite_server.api.log_in(user["username"]), key, algorithms=["HS256"])
    assert (ours["uid"], ours["name"], ours["sub"]) == (user["id"], user["name"], user["username"]) and ours["exp"] > time.time()
    for bad in (jwt.encode({**ours}, key, algorithm="HS512"), jwt.encode({**ours}, "another key, also long enough....", algorithm="HS256"),
                jwt.encode({**ours, "exp": 1}, key, algorithm="HS256"), jwt.encode({k: v for k, v in ours.items() if k != "exp"}, key, algorithm="HS256"),
                jwt.encode({**ours, "uid": "00000000-0000-7000-8000-000000000000"}, key, algorithm="HS256")):
        assert sqlite_server.api.get("/api/v1/rooms", bad).status == 401
