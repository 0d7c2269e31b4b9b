"""Texts as numbers and back: beside what wrote the files, and what is not to be believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.tokens import tokenizer_of, vocabulary_of
from dlviz_docs.readers.tokens.pieces import WordPieces
from dlviz_docs.readers.tokens.words import marks_of, numbers_in, put_together, spoken, words_in

tokenizers = pytest.importorskip("tokenizers")

PROSE = (
    "The quick brown fox jumps over the lazy dog.",
    "Un café très agréable, n'est-ce pas?",
    "It's un-believable: 50% off $20!\tNew\nline",
    "中文 words mixed 日本語",
    "  spaces   and ＰＵＮＣＴ… “quotes” ",
)
FRAMES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
KNOWN = """
the quick brown fox jump ##s over lazy dog . , ' ? : % $ ! un cafe tres agreable n est - ce pas it s be ##liev ##able 50
off 20 new line 中 文 words mixed 日 本 語 spaces and “ quotes ” a b ##b ##c
"""
VOCABULARY = [*FRAMES, *KNOWN.split()]


def trained(kind: str) -> Any:
    """As people train them, of each of the library's models."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    trainer: Any
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    texts = [*PROSE * 4, Path(json.__file__).read_text()[:20_000]]
    if kind == "byte-level":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=500, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        )
    elif kind == "unigram":
        made = Tokenizer(models.Unigram())
        made.normalizer = normalizers.NFKC()
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>")
    else:
        made = Tokenizer(models.WordPiece(unk_token="<unk>"))
        made.normalizer = normalizers.BertNormalizer()
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special)
    made.train_from_iterator(texts, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", made.token_to_id("<s>")), ("</s>", made.token_to_id("</s>"))]
    )
    return made


@pytest.mark.parametrize("kind", ["byte-level", "unigram", "word pieces"])
def test_a_tokenizer_is_what_it_was_when_it_was_saved(kind: str, tmp_path: Path) -> None:
    made = trained(kind)
    made.enable_padding(pad_id=made.token_to_id("<pad>"), pad_token="<pad>")
    made.save(str(tmp_path / "tokenizer.json"))
    found = tokenizer_of([tmp_path], PROSE)
    assert found is not None
    assert (found.pad, found.hidden) == (made.token_to_id("<pad>"), made.token_to_id("<mask>"))
    made.no_padding()
    for text, one in zip(PROSE, found(PROSE, 512), strict=True):
        assert list(one.ids) == made.encode(text).ids
        assert len(one.places) == len(one.ids)
        assert sorted(set(one.places)) == list(range(len(one.words)))
        assert list(one.places) == sorted(one.places)
        own = "".join(word for place, word in enumerate(one.words) if place not in one.special)
        assert "".join(own.split()) == "".join(text.split()), "words are those of the text, each letter once"
        assert {one.words[place] for place in one.special} == {"<s>", "</s>"}
    (cut,) = found(PROSE[:1], 5)
    assert len(cut.ids) == 5


def test_words_of_a_text_are_whole(tmp_path: Path) -> None:
    trained("byte-level").save(str(tmp_path / "tokenizer.json"))
    found = tokenizer_of([tmp_path], PROSE)
    assert found is not None
    (one,) = found(["unbelievable weather"], 64)
    assert [word for place, word in enumerate(one.words) if place not in one.special] == ["unbelievable", " weather"]


def bert(lower: bool) -> tuple[WordPieces, Any]:
    words = [*VOCABULARY, *([] if lower else ["The", "New", "It"])]
    numbers = {word: place for place, word in enumerate(words)}
    return WordPieces(numbers), tokenizers.BertWordPieceTokenizer(numbers, lowercase=lower)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.sampled_from(PROSE),
        st.text(st.characters(max_codepoint=0x52F, exclude_categories=["Cn", "Cs"]), max_size=40),
        st.text(alphabet="abcABC .,é中\u0301\t$^~", max_size=20),
    )
)
def test_word_pieces_are_those_of_bert(text: str) -> None:
    for lower in (True, False):
        ours, theirs = bert(lower)
        (one,) = ours([text], 512)
        assert ours.lower is lower
        assert list(one.ids) == theirs.encode(text).ids


def test_a_list_of_pieces_is_read_as_berts(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    found = tokenizer_of([tmp_path], PROSE)
    assert isinstance(found, WordPieces)
    (one,) = found(["Jumps over the unbeliev"], 64)
    assert one.words == ("[CLS]", "Jumps", " over", " the", " unbeliev", "[SEP]")
    assert one.special == {0, 5}
    assert one.places == (0, 1, 1, 2, 3, 4, 5)
    assert found.hidden == VOCABULARY.index("[MASK]")
    assert len(found(["the " * 100], 16)[0].ids) == 16


def test_a_list_of_words_is_used_where_it_knows_the_texts(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps({"<pad>": 0, "<unk>": 1, "good": 2, "film": 3, "a": 4, ".": 5}))
    found = tokenizer_of([tmp_path], ["A good film."])
    assert found is not None
    assert "guess" in found.name
    (one,) = found(["A good, good film."], 16)
    assert one.ids == (4, 2, 1, 2, 3, 5)
    assert one.words == ("A", " good", ",", " good", " film", ".")
    assert (found.pad, found.hidden) == (0, 1)
    with pytest.raises(ReadError, match="has only 0% of the words"):
        tokenizer_of([tmp_path], ["Etwas ganz anderes"])


def test_pieces_without_their_rules_are_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps({"the": 0, "Ġthe": 1, "Ġcat": 2}))
    with pytest.raises(ReadError, match="pieces of words"):
        tokenizer_of([tmp_path], ["the cat"])
    assert tokenizer_of([tmp_path / "nowhere"], ["the cat"]) is None


BASE: dict[str, Any] = {
    "version": "1.0",
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": None,
    "post_processor": None,
    "decoder": None,
    "model": {"type": "WordLevel", "vocab": {"a": 0, "<unk>": 1}, "unk_token": "<unk>"},
}
SLOW = "(a+)+$"
SWELLS = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 20}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"model": None}, "no model"),
        ({"model": {"type": "Unheard"}}, "no tokenizer"),
        ({"normalizer": {"type": "Sequence", "normalizers": [SWELLS] * 6}}, "many times longer"),
        (
            {
                "pre_tokenizer": {
                    "type": "Split",
                    "pattern": {"Regex": SLOW},
                    "behavior": "Isolated",
                    "invert": False,
                }
            },
            "cannot take a text apart",
        ),
    ],
)
def test_crafted_tokenizers_are_refused(tmp_path: Path, changed: dict[str, object], why: str) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(BASE | changed))
    with pytest.raises(ReadError, match=why):
        tokenizer_of([tmp_path], ["a"])(["a" * 40 + "!"], 64)  # type: ignore[misc]


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400), put=st.binary(max_size=3))
def test_damaged_tokenizers_are_told(tmp_path_factory: pytest.TempPathFactory, cut: int, put: bytes) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    whole = json.dumps(BASE).encode()
    (folder / "tokenizer.json").write_bytes(whole[:cut] + put + whole[cut + 2 :])
    try:
        found = tokenizer_of([folder], ["a"])
        assert found is not None
        found(["a b"], 8)
    except ReadError:
        return


# --- lists of words ---


def test_lists_of_words_as_tools_leave_them(tmp_path: Path) -> None:
    written = {
        "vocab.txt": "the\nof\r\nand\n",
        "vocab.json": json.dumps({"of": 1, "the": 0, "and": 2}),
        "words.json": json.dumps(["the", "of", "and"]),
        "id2word.json": json.dumps({"0": "the", "1": "of", "2": "and"}),
        "tokenizer.json": json.dumps(
            {"model": {"vocab": [["the", -1.0], ["of", -2.0]]}, "added_tokens": [{"content": "and", "id": 2}]}
        ),
    }
    for name, text in written.items():
        (tmp_path / name).write_bytes(text.encode())
        assert words_in(tmp_path / name) == ("the", "of", "and"), name
    found = vocabulary_of([tmp_path])
    assert found is not None
    assert (found.file, found.words) == ("tokenizer.json", ("the", "of", "and"))


def test_what_is_no_list_of_words_is_none(tmp_path: Path) -> None:
    few_gaps = {f"w{i}": i for i in range(40) if i != 7}
    for text, known in (
        (json.dumps({"a": 0, "b": 0}), 0),
        (json.dumps({"a": -1, "b": 0}), 0),
        (json.dumps({"a": 0, "b": 1000}), 0),
        (json.dumps({"a": True, "b": 0.5}), 0),
        ("{", 0),
        ("[[]]", 0),
        (json.dumps(few_gaps), 39),
    ):
        (tmp_path / "vocab.json").write_text(text)
        assert len(numbers_in(tmp_path / "vocab.json")) == known, text
    assert words_in(tmp_path / "vocab.json")[7] == ""


@pytest.mark.parametrize("text", ["café", "日本", " the", "naïve", "€"])
def test_byte_level_pieces_are_spelled_as_they_are_read(text: str) -> None:
    (written,) = [
        token for token, _ in tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    ]
    assert spoken(written) == text.replace(" ", "▁")


def test_pieces_are_put_together() -> None:
    assert put_together(["[CLS]", "un", "##able", "dog", "[SEP]"], "continues").words == (
        "[CLS]",
        " unable",
        " dog",
        " [SEP]",
    )
    found = put_together(["<s>", "Ġcaf", "Ã©", "Ġau", "</s>"], "begins")
    assert found.words == ("<s>", " café", " au", "</s>")
    assert found.places == (0, 1, 1, 2, 3)
    assert found.special == {0, 3}
    assert put_together(["low", "er</w>", "sea</w>"], "ends").words == ("lower", " sea")
    assert put_together(["un", "able"], "").words == ("un", " able")
    assert [marks_of(words) for words in (["##a"], ["▁a"], ["a</w>"], ["a", "#", "▁"])] == [
        "continues",
        "begins",
        "ends",
        "",
    ]
