"""A tiny byte-pair vocabulary of CLIP's form, and what transformers' tokenizer makes of awkward strings.

Usage: python make_bpe.py
(transformers 5.23.0, tokenizers 0.23.3)
Writes bpe/vocab.json, bpe/merges.txt, the same as bpe-merges.txt.gz, and bpe.json beside this script.
"plain" is what CLIP's clean-up makes of a text: by hand where ftfy changes it, otherwise by Python.
"""
import collections, gzip, html, json, os, re, sys

sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
from transformers import CLIPTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = """a photo of a cat the cat that sat on the photograph this is there are the fire hydrant hot dog hotdog
 café crème brûlée a bat (animal). (bat) naïve façade stop sign don't we're they've i'll i'm he'd the 's rock'n'roll
 bad photo good photo large photo small photo dirty photo clean photo origami photos itap of the my the one the
 æbleskiver straße 写真 日本 日本語 写真 фото фото кот ὀδυσσεύς οδος "quoted" !!! ... -- 1st 2nd 3rd xxxx xxxxxxxx"""


def letters():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    table = {b: chr(b) for b in printable}
    table.update({b: chr(0x100 + i) for i, b in enumerate(others)})
    return table


def learn(count):
    """The pairs of highest frequency, first come first served."""
    table = letters()
    words = collections.Counter()
    for word in re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+", TEXT):
        parts = [table[b] for b in word.encode()]
        words[(*parts[:-1], parts[-1] + "</w>")] += 1
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        (left, right), _ = max(pairs.items(), key=lambda item: (item[1], item[0]))
        merges.append((left, right))
        joined = collections.Counter()
        for word, n in words.items():
            out, i = [], 0
            while i < len(word):
                both = word[i : i + 2] == (left, right)
                out.append(left + right if both else word[i])
                i += 2 if both else 1
            joined[tuple(out)] += n
        words = joined
    return merges


merges = learn(160)
table = list(letters().values())
tokens = table + [t + "</w>" for t in table] + [a + b for a, b in merges] + ["<|startoftext|>", "<|endoftext|>"]
vocabulary = {token: i for i, token in enumerate(tokens)}
lines = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)
os.makedirs(f"{HERE}/bpe", exist_ok=True)
json.dump(vocabulary, open(f"{HERE}/bpe/vocab.json", "w"), ensure_ascii=False)
open(f"{HERE}/bpe/merges.txt", "w").write(lines)
with open(f"{HERE}/bpe-merges.txt.gz", "wb") as file:
    file.write(gzip.compress(lines.encode(), mtime=0))

STRINGS = [
    "", " ", "a photo of a cat.", "A PHOTO  of\ta\n CAT!!! ", "bat (animal)", "the cats' cat's hot-dog_stand/3.5mm",
    "the 1st, 2nd and 3rd o'clock we're they've I'll he'd I'm rock'n'roll 'tis 'sup ''s", "café crème brûlée Æbleskiver",
    "cafe\u0301", "日本語の写真 ½ Ⅷ ٣ 写真", "🍕 pizza!!! 👩‍👩‍👧", "naïve façade — …", "fire\u00a0hydrant\u2003hot\u3000dog",
    "&lt;b&gt;bold&lt;/b&gt;", "&amp;lt;cat&amp;gt;", "salt &amp; pepper &amp pepper", "caf&eacute; &#233; &#xE9; &#xe9 &eacutex",
    "&nothing; & &; &# &#x; &#0; &#128; &#55296; &#x110000; &#1;a &notin;".replace("&notin;", ""), "x" * 300, "ÅNGSTRÖM ΟΔΟΣ ΣΑΣ Σ. Σ'Σ",
    "<|startoftext|> a <|endoftext|>cat", "a_b__c", "हिन्दी ไทย 한국어", "İstanbul DŽ", "Straße STRASSE", "\x85cat\u2028cat", "&&&''\"\"''"]
BY_HAND = {
    "‘a’ “photo” of ʼn": "'a' \"photo\" of 'n", "ＨＯＴ　ｄｏｇ！": "hot dog!", "ﬁre oﬀ ﬆop": "fire off stop", "rock\u0149 roll": "rock'n roll",
    "a\u0000 cat\ufeff\u0007\u007f": "a cat"}

tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges)
cases = []
for text in STRINGS + list(BY_HAND):
    plain = BY_HAND.get(text) or " ".join(html.unescape(html.unescape(text)).split()).lower()
    cases.append({"text": text, "plain": plain, "ids": tokenizer(plain)["input_ids"]})
json.dump(cases, open(f"{HERE}/bpe.json", "w"), ensure_ascii=False, indent=0)
