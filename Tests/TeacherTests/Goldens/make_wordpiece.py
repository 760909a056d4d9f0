"""Token ids of awkward strings by transformers' BertTokenizer, over a small vocabulary of our own.

Usage: python make_wordpiece.py   (transformers 5.23.0, tokenizers 0.23.3)
Writes vocab.txt and wordpiece.json beside this script.
"""
import json, os
from transformers import BertTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
PIECES = """a an the photo of in scene this is cat dog ca ##t ##ts do ##g ##s un ##aff ##able able
hot play ##ing skate ##board bat animal cafe caf ##e naive na ##ive coop ##er ##ation x ##x xx
日 本 語 中 国 ! " # $ % & ' ( ) * + , - . / : ; < = > ? @ [ \\ ] ^ _ ` { | } ~ “ ” — … ¿ § ° €
Α α σ ##σ ς ##ς ß ##ß ss ﬁ fi ##sh i ##i ı ø o 1 2 ##2 ² ½ ⅷ é ä ᄒ ##ᅡ ##ᆫ か ##か は ばか 가
ǆ ａ ｂ 。 ، ab ##c abc ##de ##d e f \u212b å k \u03c9 \u1100 豈 ##豈 \u2f00 x2 co op um ##la ##ut""".split()
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(dict.fromkeys(PIECES))
TEXTS = [
    "", " ", "a photo of a cat.", "This is a DOG in the scene.", "cats", "hot dog", "hot-dog", "unaffable",
    "unaffablex", "bat (animal)", "skateboard_ing", "playing", "don't", "Café", "Cafe\u0301", "naïve",
    "coöperation", "İ", "ı", "ẞ", "ß", "ΑΣ", "ας", "fish", "ﬁsh", "日本語dog", "dog中国", "か", "ばか", "は\u3099か",
    "한", "가", "\u1112\u1161\u11ab", "x" * 100, "x" * 101, "a [SEP] cat", "a [sep] cat", "[MASK]dog", "[UNK]", "[CLS",
    "[[CLS]]", "ab\u0000c", "ab\ufffdc", "ab\u200bc", "ab\u00adc", "ab\u00a0c", "ab\u0085de", "ab\u2028f", "ab\u3000c",
    "a\tb\nc\rd", "a\u000bb", "\ue000x", "\u0378x", "\U000e0041x", "😀 cat", "👨‍👩‍👧 dog", "1½²", "x²", "x2", "Ⅷ",
    "“cat”—dog…", "¿cat?", "§ ° €", "$5 + 3 = ~8^2 `x`", "ａｂ", "cat。dog،", "Ω ω \u2126", "Å \u212b", "K \u212a", "ǅ",
    "豈", "豈x", "\u2f00", "\U0002f800", "\u302a中", "umlaut", "ÜMLAUT", "O\u0308", "ø", "cat" * 40, "a" * 600,
]

open(f"{HERE}/vocab.txt", "w").write("".join(t + "\n" for t in TOKENS))
tokenizer = BertTokenizer(f"{HERE}/vocab.txt", do_lower_case=True)
cases = [{"text": t, "ids": tokenizer(t, truncation=False)["input_ids"]} for t in TEXTS]
json.dump(cases, open(f"{HERE}/wordpiece.json", "w"), indent=0)
