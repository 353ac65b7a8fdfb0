from __future__ import annotations

import numpy as np
import pytest

from spanloom.errors import FormatError
from spanloom_vectors import Table, evaluate_analogies, evaluate_similarity, read_vectors


@pytest.mark.parametrize(
    ("name", "correlation", "used"),
    [("ws353", 0.43, 284), ("simlex999", 0.10, 804), ("rg65", 0.46, 27), ("mturk287", 0.58, 196)],
)
def test_known_figures(shared, name, correlation, used):
    table = read_vectors(shared / "vectors" / "glove_twitter_25d_12k.txt.gz")
    found = evaluate_similarity(table, shared / "wordsim" / f"{name}.tsv")
    assert round(found.correlation, 2) == correlation and found.used == used


def test_ranks_and_unknown_words(tmp_path):
    table = Table.from_arrays(["a", "b", "c", "d"], np.array([[1, 0], [1, 1], [0, 1], [1, 2]]))
    path = tmp_path / "pairs.csv"
    path.write_text("word1,word2,score\nA,B,9\na,c,1\nb,d,9\nx,a,5\n")
    found = evaluate_similarity(table, path)
    assert (found.used, found.total) == (3, 4)
    assert found.correlation == pytest.approx(np.corrcoef([2, 1, 3], [2.5, 1, 2.5])[0, 1])
    path.write_text("x y 1\n")
    assert np.isnan(evaluate_similarity(table, path).correlation)
    path.write_text("a b 1\na b\n")
    with pytest.raises(FormatError, match="line 2"):
        evaluate_similarity(table, path)


def test_analogies(tmp_path):
    words = ["man", "king", "woman", "queen", "x"]
    rows = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], dtype=float)
    table = Table.from_arrays(words, rows)
    path = tmp_path / "q.txt"
    path.write_text(": royal\nMan king woman queen\nman king x woman\n: other\nman king zzz y\n")
    royal, other, whole = evaluate_analogies(table, path)
    assert (royal.name, royal.right, royal.used, royal.total) == ("royal", 1, 2, 2)
    assert (other.used, other.total) == (0, 1) and np.isnan(other.accuracy)
    assert (whole.right, whole.used, whole.total) == (1, 2, 3) and whole.accuracy == 0.5
    assert evaluate_analogies(table, path, limit=3)[-1].used == 0
    path.write_text(": a\none two three\n")
    with pytest.raises(FormatError, match="four words"):
        evaluate_analogies(table, path)
