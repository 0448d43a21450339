#!/usr/bin/env python3
"""Makes tests/golden/tokenizer: a small vocabulary of ours, and what tiktoken and tokenizers make of texts with it.

    tests/golden/make_tokenizer.py PROBE

PROBE is the built tests/tokenizer_probe. Needs the packages tiktoken and tokenizers. Every case of cases.json has the
bytes as `text` or `hex`, and from the packages: `ids` (tiktoken; tokenizers agrees), `pieces` (lengths in bytes, of
tokenizers' pre-tokenizer), `with_specials` (ids of tokenizers, where a control token is spelt), and `shown` (Python's
decoding with U+FFFD for what is invalid, where something is).
"""
import json
import pathlib
import random
import struct
import subprocess
import sys

import tiktoken
import tokenizers
from tiktoken.load import load_tiktoken_bpe

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "tokenizer"
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")

SENTENCES = [
    "The llama looks over the fence, and the young cria looks with her.",
    "Die Lamas stehen am Zaun; das Kleine schl\u00e4ft im Gras.",
    "Les lamas mangent de l'herbe, et le petit \u00e9coute.",
    "Las llamas comen hierba y la cr\u00eda duerme al sol.",
    "I lama guardano il prato, perch\u00e9 \u00e8 mattina.",
    "As lhamas est\u00e3o no campo, n\u00e3o na cidade.",
    "\u041b\u0430\u043c\u044b \u0441\u0442\u043e\u044f\u0442 \u0443 \u0437\u0430\u0431\u043e\u0440\u0430 \u0438 \u0441\u043c\u043e\u0442\u0440\u044f\u0442 \u043d\u0430 \u0433\u043e\u0440\u044b.",
    "\u039f\u03b9 \u03bb\u03ac\u03bc\u03b1 \u03c0\u03b5\u03c1\u03c0\u03b1\u03c4\u03bf\u03cd\u03bd \u03c3\u03c4\u03bf \u03b2\u03bf\u03c5\u03bd\u03cc.",
    "\u0932\u093e\u092e\u093e \u092a\u0939\u093e\u0921\u093c \u092a\u0930 \u091a\u0932\u0924\u0947 \u0939\u0948\u0902, \u0967\u0968\u0969 \u0932\u093e\u092e\u093e\u0964",
    "\u0e25\u0e32\u0e21\u0e32\u0e40\u0e14\u0e34\u0e19\u0e1a\u0e19\u0e20\u0e39\u0e40\u0e02\u0e32 \u0e51\u0e52\u0e53",
    "\u0627\u0644\u0644\u0627\u0645\u0627 \u062a\u0645\u0634\u064a \u0641\u064a \u0627\u0644\u062c\u0628\u0644\u060c \u0661\u0662\u0663\u0664.",
    "\u05d4\u05dc\u05d0\u05de\u05d4 \u05d4\u05d5\u05dc\u05db\u05ea \u05d1\u05d4\u05e8\u05d9\u05dd.",
    "\u7f8a\u9a7c\u5728\u5c71\u4e0a\u8d70\u8def\uff0c\u5c0f\u7f8a\u9a7c\u5728\u7761\u89c9\u3002",
    "\u30ea\u30e3\u30de\u306f\u5c71\u3092\u6b69\u304d\u307e\u3059\u3002",
    "\ub77c\ub9c8\uac00 \uc0b0\uc744 \uac77\ub294\ub2e4.",
    "def count(herd):\n    total = 0\n    for llama in herd:\n        total += 1\n    return total\n",
    "if (x == 10) {\r\n\treturn x + 100; // done\r\n}\r\n\r\n",
    "I'm sure they're here, we'll see; it's LATE and I'D say he'S gone.",
    "On 24 November 2026 at 12:45 there were 1234567 llamas (3.5 %).",
    "   three, then  two,\t\ttabs \n\n\nnewlines  \n  end   ",
    "\U0001f999 \U0001f44d\U0001f3fd \u2603\ufe0f e\u0301 \u2026 \u00bd \u2163",
]
SPECIAL = [
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>",
    "a<|eot_id|><|eot_id|> b <|not_a_token|> <|reserved_special_token_7|",
    "<|<|eom_id|>|>",
]
EDGES = [
    "", " ", "  ", "\n", "\r\n", "\t", " \n ", "a", " a", "  a", "\na", " \na", "\u00a0a", "\u3000\u3000a", "\u0085", "\u001c",
    "'s", "'S", "'\u017f", "'\u017fx", "'re'VE'll'LL'lL'd'm't'x", "''s", " 's", "'", "don't", "'\u00df", "'S\u0301",
    "1", "12", "123", "1234", "1234567", "\u0661\u0662\u0663\u0664", "\u00bd\u00be1x", "x1", "1x", "\u2163\u2164\u2165\u2166",
    "!!!", " !!!", "  !!!", "!a", "!!a", "!\n\n", "!\n \n", " !\r\nx", "_a", "\u0301a", "a\u0301b", "\U0001d5a0\U00020000\U000323af",
    "\n\n\n", "a\n\n\nb", "a \n \n b", "a   \n", "\u2028\u2029x", "\r", "\r\r\n\n\r", "\u0000", "\u0000a\u0000", "\ufeffbom",
    "\ufffd", "\U0010ffff", "\ue000", " \u00a0 \u2003 x", "<|eot_id", "|>",
]


def random_text(draw):
    alphabet = "aZs'e 1\u0661\u00bd\n\r\t\u00a0\u3000.!_\u0301\u00e9\u017f\u0436\u4e2d\U0001f642"
    return "".join(draw.choices(alphabet, k=draw.randint(1, 60)))


def random_bytes(draw):
    parts = [b"a", b" ", b"\n", b"1", b"the", b".", b"\xff", b"\xc3", b"\xa9", b"\xe4\xb8", b"\xad", b"\xf0\x9f", b"\x99\x82",
             b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe0\x80", "\u00e9".encode(), b" \n\t "]
    return b"".join(draw.choices(parts, k=draw.randint(1, 20)))


def case(data, encoding, hugging_face, split):
    ids = encoding._encode_bytes(data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"hex": data.hex(), "ids": ids, "shown": data.decode(errors="replace")}
    made = {"text": text, "ids": ids}
    found = hugging_face.encode(text, add_special_tokens=False).ids
    if any(token >= encoding.n_vocab for token in found):
        made["with_specials"] = found
    elif found != ids:
        sys.exit(f"tiktoken and tokenizers differ for {text!r}: {ids} and {found}")
    made["pieces"] = [len(piece.encode()) for piece, _ in split.pre_tokenize_str(text)]
    if sum(made["pieces"]) != len(data):
        sys.exit(f"pieces of {text!r} do not add up")
    return made


def main():
    probe = sys.argv[1]
    FOLDER.mkdir(exist_ok=True)
    documents = FOLDER / "documents"
    with open(documents, "wb") as file:
        for sentence in SENTENCES:
            data = sentence.encode() * 2
            file.write(struct.pack("<Q", len(data)) + data)
    subprocess.run([probe, "train", documents, "900", FOLDER / "tokenizer.model"], check=True)
    subprocess.run([probe, "json", FOLDER / "tokenizer.model", FOLDER / "tokenizer.json"], check=True)
    documents.unlink()
    encoding = tiktoken.Encoding("golden", pat_str=PATTERN, special_tokens={},
                                 mergeable_ranks=load_tiktoken_bpe(str(FOLDER / "tokenizer.model")))
    hugging_face = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(PATTERN), "isolated")
    draw = random.Random(3)
    texts = [*SENTENCES, *SPECIAL, *EDGES, *(random_text(draw) for _ in range(120))]
    data = [*(text.encode() for text in texts), *(random_bytes(draw) for _ in range(60)), bytes(range(256))]
    cases = [case(one, encoding, hugging_face, split) for one in data]
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    (FOLDER / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} cases, {encoding.n_vocab} tokens")


if __name__ == "__main__":
    main()
