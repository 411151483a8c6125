"""Every example runs with a small budget, prints its table and draws its picture; the Titanic file is really read."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.descent.minimize import named_optimizers
from fastgd.tools.examples import cli, clipping, figures, regression, rosenbrock, titanic
from fastgd.tools.examples.common import table

for package in cli.NEEDED:
    pytest.importorskip(package)


def call(*words: str) -> int:
    return cli.main(words)


# ---- all of them ----------------------------------------------------------------------------------------------------

PRINTED = {
    "descent": ["iteration 5: x = 0.65536, f(x) = 0.429497", "learning rate  updates", "(y - x**2 sin(x))**2"],
    "rosenbrock": ["adam, 0.02", "steepest, goldstein", "SciPy Newton-CG"],
    "regression": ["stochastic (1)", "true        2"],
    "classification": ["breast cancer: 426 to learn from, 143 to test", "scikit-learn"],
    "schedules": ["held at 0.1", "plateau"],
    "clipping": ["by norm, 1", "by value, 0.1"],
    "holdout": ["fold 5", "digits held out"],
    "words": ["a table of ", "largest difference between the vectors: 0.0", "nearest"],
}


@pytest.mark.parametrize("name", cli.EXAMPLES)
def test_runs_and_draws(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(name, "--output", str(tmp_path / "new"), "--budget", "0.05") == 0
    printed = capsys.readouterr().out
    for words in PRINTED[name]:
        assert words in printed
    (picture,) = (tmp_path / "new").iterdir()
    assert f"picture: {picture}" in printed
    image = pixels(picture)
    assert image.shape[0] >= 480
    assert image.shape[1] >= 1300
    assert len(np.unique(image.reshape(-1, image.shape[2]), axis=0)) > 20  # not an empty sheet


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path))


def test_descent_prints_the_documents_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call("descent", "--output", str(tmp_path))
    printed = capsys.readouterr().out
    assert "iteration 100: x = 4.07407e-10" in printed
    assert "end: x = 4.0740719526689754e-10" in printed
    assert re.search(r"0\.1 +50 +4\.2817e-05 +2\.8545e-05", printed)


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(cli.EXAMPLES)
    assert all(len(line.split()) > 5 for line in lines)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rosen",), "invalid choice: 'rosen'"),
        (("descent", "--budget", "0"), "--budget: must be in (0, 1], got '0'"),
        (("descent", "--budget", "much"), "--budget: must be in (0, 1], got 'much'"),
    ],
)
def test_bad_words(words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call(*words)
    assert message in capsys.readouterr().err


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "NEEDED", ("scipy", "no_such_package"))
    assert call("descent") == 1
    assert "the examples need no_such_package: pip install" in capsys.readouterr().err


# ---- what they claim -----------------------------------------------------------------------------------------------


def test_rosenbrock_has_every_optimizer() -> None:
    titles = [title for title, _ in rosenbrock.descents(2)]
    vectors = named_optimizers().keys() - {"muon"}  # which takes matrices
    assert {title.partition(",")[0] for title in titles} == {*vectors, "steepest", "SciPy CG", "SciPy Newton-CG"}


def test_the_plane_is_found() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    y = x @ [2.0, 1.0] + 3.0
    b, w = 0.0, np.zeros(2)
    start = w
    for _ in range(300):
        b, w = regression.step(b, w, x, y, 0.5)
    assert [*w, b] == pytest.approx([2, 1, 3], rel=1e-9)
    assert start.tolist() == [0, 0]


def test_gradient_of_the_recurrent_network() -> None:
    rng = np.random.default_rng(0)
    params = clipping.initial()
    x, y = clipping.sequences(rng)
    x = x[:5]
    _, grads = clipping.loss_and_gradients(params, x, y)
    for name, array in params.items():
        index = tuple(rng.integers(0, n) for n in array.shape)
        values = []
        for shift in (1e-6, -2e-6):
            array[index] += shift
            values.append(clipping.loss_and_gradients(params, x, y)[0])
        array[index] += 1e-6
        assert grads[name][index] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5)


def test_clipping_bounds_every_update() -> None:
    def moved(options: dict[str, float], updates: int) -> list[np.ndarray]:
        """By how much each update moves all parameters."""
        rng, params = np.random.default_rng(1), clipping.initial()
        opt = fastgd.SGD(params, lr=clipping.LR, momentum=0.9, **options)  # type: ignore[arg-type]
        places = [flat(params)]
        for _ in range(updates):
            opt.step(clipping.loss_and_gradients(params, *clipping.sequences(rng))[1])
            places.append(flat(params))
        return list(np.diff(places, axis=0))

    def flat(arrays: clipping.Arrays) -> np.ndarray:
        return np.concatenate([array.ravel() for array in arrays.values()])

    # The first update, before which no rounding can have grown: an exploding gradient is followed, or cut.
    first = {name: moved(options, 1)[0] / clipping.LR for name, options in clipping.CLIPPING.items()}
    assert np.linalg.norm(first["none"]) > 4
    assert np.linalg.norm(first["by norm, 1"]) == pytest.approx(1, rel=1e-5)
    assert np.abs(first["by value, 0.1"]).max() == pytest.approx(0.1, rel=1e-5)
    assert np.abs(first["none"]).max() > 0.5
    # Whichever way a run takes, momentum sums at most ten clipped gradients.
    most = 10 * clipping.LR * (1 + 1e-9)
    assert max(map(np.linalg.norm, moved(clipping.CLIPPING["by norm, 1"], 40))) <= most
    assert np.abs(moved(clipping.CLIPPING["by value, 0.1"], 40)).max() <= 0.1 * most


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    table(("name", "count", "share"), [("a", 10, 0.123456), ("long name", 2, "-")])
    assert capsys.readouterr().out.splitlines() == [
        "name       count    share",
        "a             10  0.12346",
        "long name      2        -",
    ]


def test_figures_need_no_screen() -> None:
    figure, axes = figures.grid(2, 3, (4, 4))
    assert len(axes) == 6
    assert type(figure.canvas).__name__ == "FigureCanvasAgg"


# ---- the Titanic file ----------------------------------------------------------------------------------------------

HEADER = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
ROWS = [
    '1,0,3,"Field, Mr. John",male,22,1,0,A/5 1,7.25,,S',
    '2,1,1,"Hill, Mrs. ""Ann""",female,38,1,0,PC 2,71.28,C85,C',
    '3,1,3,"Moor, Miss. Eve",female,,0,0,X 3,7.92,,Q',
    '4,1,1,"Lake, Mrs. Joan",female,35.5,1,2,4,53.1,C1,',
    '5,0,2,"Wood, Mr. Paul",male,,0,0,5,,,S',
]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "passengers.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_titanic_is_read(tmp_path: Path) -> None:
    passengers = titanic.load(written(tmp_path, "\n".join([HEADER, *ROWS]) + "\n"))
    nan = np.nan
    assert passengers.y.tolist() == [0, 1, 1, 1, 0]
    np.testing.assert_array_equal(
        passengers.x,
        [
            # class 1, class 2, female, age, age unknown, siblings, parents, fare, port C, port Q
            [0, 0, 0, 22, 0, 1, 0, 7.25, 0, 0],
            [1, 0, 1, 38, 0, 1, 0, 71.28, 1, 0],
            [0, 0, 1, nan, 1, 0, 0, 7.92, 0, 1],
            [1, 0, 1, 35.5, 0, 1, 2, 53.1, 0, 0],
            [0, 1, 0, nan, 1, 0, 0, nan, 0, 0],
        ],
    )
    assert len(passengers.names) == passengers.x.shape[1]


def test_titanic_columns_in_any_order_with_a_mark(tmp_path: Path) -> None:
    text = "\ufeffFare,Embarked,Sex,Survived,Pclass,Age,SibSp,Parch\n7.5,S,male,0,3,30,0,1\n"
    passengers = titanic.load(written(tmp_path, text))
    assert passengers.x.tolist() == [[0, 0, 0, 30, 0, 0, 1, 7.5, 0, 0]]


def test_what_is_unknown_is_filled_from_the_reference() -> None:
    nan = np.nan
    reference = np.array([[1.0, nan, nan], [3.0, 5.0, nan], [8.0, nan, nan]])
    filled = titanic.fill(np.array([[nan, nan, nan], [7.0, 7.0, 7.0]]), reference)
    assert filled.tolist() == [[3.0, 5.0, 0.0], [7.0, 7.0, 7.0]]


BAD_FILES: list[tuple[str, str]] = [
    ("", "missing the columns Survived, Pclass"),
    (HEADER.replace("Age,", ""), "missing the columns Age"),
    (HEADER, "expected passengers, got none"),
    (f"{HEADER}\n{ROWS[0]}\n{ROWS[1].replace('female', 'woman')}", "line 3: Sex must be one of 'male', 'female'"),
    (f"{HEADER}\n{ROWS[0].replace('22', 'old')}", "line 2: Age must be a number from 0, got 'old'"),
    (f"{HEADER}\n{ROWS[0].replace('22', '-2')}", "line 2: Age must be a number from 0, got '-2'"),
    (f"{HEADER}\n{ROWS[0].replace('22', 'inf')}", "line 2: Age must be a number from 0, got 'inf'"),
    (f"{HEADER}\n1,0", "line 2: Pclass must be one of '1', '2', '3', got ''"),
    (f"{HEADER}\n1,,3,x,male,22,1,0,A,7.25,,S", "line 2: Survived must be one of '0', '1', got ''"),
    (f"{HEADER}\n1,1,3,x,male,22,1,0,A,7.25,,X", "line 2: Embarked must be one of 'C', 'Q', 'S', '', got 'X'"),
    (f"{HEADER}\n1,1,3,x,male,22,,0,A,7.25,,S", "line 2: SibSp must be a number from 0, got ''"),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES, ids=[row[1] for row in BAD_FILES])
def test_bad_files(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        titanic.load(written(tmp_path, text))


def many(n: int) -> str:
    """A made-up file in which women of the first class survive."""
    rng = np.random.default_rng(0)
    rows = [HEADER]
    for i in range(n):
        sex, kind = rng.choice(["male", "female"]), int(rng.integers(1, 4))
        survived = int(rng.random() < (0.9 if sex == "female" and kind < 3 else 0.15))
        age = "" if rng.random() < 0.2 else f"{rng.uniform(1, 70):.0f}"
        rows.append(
            f"{i},{survived},{kind},N,{sex},{age},0,1,T,{rng.uniform(5, 90):.2f},,{rng.choice(['C', 'Q', 'S'])}"
        )
    return "\n".join(rows)


def test_titanic_is_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, many(200))
    words = ["--titanic", str(path), "--output", str(tmp_path), "--budget", "0.25"]
    assert call("classification", *words) == 0
    printed = capsys.readouterr().out
    assert "Titanic: 150 to learn from, 50 to test" in printed
    accuracy = float(next(line for line in printed.splitlines() if line.startswith("adam ")).split()[-2])
    assert accuracy > 0.8
    assert (tmp_path / "titanic.png").exists()


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["classification", "--titanic", "nowhere.csv"], 1, "No such file"),
        (["descent", "--titanic", "x.csv"], 2, "--titanic goes with the example classification"),
        (["--titanic", "x.csv"], 2, "--titanic goes with the example classification"),
    ],
)
def test_titanic_refused(words: list[str], status: int, message: str, capsys: pytest.CaptureFixture[Any]) -> None:
    assert call(*words) == status
    assert message in capsys.readouterr().err


# ---- the table of rows -----------------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[1]


def test_every_row_is_in_the_table_with_tests_that_exist() -> None:
    lines = (ROOT / "docs" / "ROWS.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d", line)]
    assert [int(row[0]) for row in rows] == list(range(1, 30))
    for number, _, _, examples, tests in rows[:-1]:
        named = re.findall(r"`(tests/\w+\.py)::(\w+)`", tests)
        assert named, number
        for path, name in named:
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), (number, name)
        assert set(re.findall(r"`(\w+)`", examples)) <= cli.EXAMPLES.keys(), number


def test_the_gallery_has_every_example() -> None:
    text = (ROOT / "docs" / "GALLERY.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE) == list(cli.EXAMPLES)
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (ROOT / "docs" / picture).exists()
