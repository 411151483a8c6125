"""`python -m fastgd` and the names of `fastgd`, as a person at a prompt finds them."""

import os
import subprocess
import sys

import pytest

import fastgd
from fastgd import __main__


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main([]) == 0
    text = capsys.readouterr().out
    assert all(f"\n    {command}" in text for command in __main__.COMMANDS)
    with pytest.raises(SystemExit, match="0"):
        __main__.main(["--version"])
    assert capsys.readouterr().out == f"fastgd {fastgd.__version__}\n"
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["--wersion"])
    assert "unrecognized arguments: --wersion" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="pipes of other systems tell nobody that they are closed")
def test_nobody_reads_what_is_printed() -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for command in ("info", "--help"):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as closed:
            run = [sys.executable, "-m", "fastgd", command]
            done = subprocess.run(run, stdout=closed, stderr=subprocess.PIPE, text=True, env=buffered, check=False)
        assert (done.returncode, done.stderr) == (141, ""), command


def test_completion_shows_public_names_alone() -> None:
    code = "import fastgd; print(*dir(fastgd)); import fastgd.sklearn; print('sklearn' in dir(fastgd))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, with_host = done.stdout.splitlines()
    assert names.split() == sorted([*fastgd.__all__, "__version__"])
    assert with_host == "True"


def test_what_training_can_do_without_is_imported_when_it_is_asked_for() -> None:
    code = (
        "import sys, fastgd\n"
        "print(*sorted({'checkpoint', 'descent', 'functional', 'schedules', 'textbook'} & "
        "{name.partition('.')[2] for name in sys.modules}))\n"
        "print(*[name for name in dir(fastgd) if getattr(fastgd, name, None) is None])\n"
        "print(fastgd.load.__module__, hasattr(fastgd, 'nothing'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n\nfastgd.checkpoint.loading False\n"
