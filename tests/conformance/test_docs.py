"""The commands in the documentation, run as they stand there."""

import pathlib
import re
import shutil
import subprocess
import sys


from harness import PATIENCE, ROOT, clean_env

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_commands_with_openssl_work(server, tmp_path):
    assert shutil.which("openssl"), "the test needs the `openssl` command: install the package openssl"
    page = (ROOT / "docs/with-openssl.md").read_text()
    blocks = BLOCK.findall(page)
    assert len(blocks) == 5
    tools = pathlib.Path(sys.executable).parent
    environment = clean_env(server.exports)
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)], capture_output=True, text=True, cwd=tmp_path,
        env=environment, timeout=4 * PATIENCE, stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Verified OK") == 2, done.stdout
    assert done.stdout.splitlines()[-1] == "both sides have the same secret"
