"""Tests that need npm packages."""

import shutil
import subprocess


def install_packages(folder):
    """node_modules of a folder as its lock file says; once per lock file."""
    wanted, have = folder / "package-lock.json", folder / "node_modules/.installed"
    if have.exists() and have.read_bytes() == wanted.read_bytes():
        return
    subprocess.run(["npm", "ci"], cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shutil.copyfile(wanted, have)
