"""The component doc_cleaner."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spanloom
from spanloom import Doc


def test_tensor_and_custom_attributes_are_cleaned(tmp_path) -> None:
    Doc.set_extension("seen", default=1)
    try:
        nlp = spanloom.blank("en")
        nlp.add_pipe("doc_cleaner", config={"attrs": {"tensor": None, "_.seen": None, "cats": {}}})
        doc = nlp.make_doc("some words")
        doc.tensor, doc._.seen, doc.cats["A"] = np.ones((2, 3)), 5, 1.0
        nlp.get_pipe("doc_cleaner")(doc)
        assert (doc.tensor.size, doc._.seen, doc.cats) == (0, None, {})
        # What was cleaned can still be saved.
        assert len(Doc(nlp.vocab).from_bytes(doc.to_bytes())) == 2
    finally:
        Doc.remove_extension("seen")


def test_an_attribute_that_is_not_there_is_named_unless_silent() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("doc_cleaner", config={"attrs": {"_.nothing": 1, "no.thing": 2}, "silent": False})
    with pytest.warns(UserWarning, match="can't set '(_.nothing|no.thing)'") as told:
        nlp("text")
    assert len({str(each.message) for each in told if "thing'" in str(each.message)}) == 2
    quiet = spanloom.blank("en")
    quiet.add_pipe("doc_cleaner")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet("text")
