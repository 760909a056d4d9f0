"""Tiny folders of SigLIP and SigLIP 2 as published, and what transformers computes with them.

Usage: python make_siglip.py
(torch 2.13.0, transformers 5.23.0, tokenizers 0.23.3, sentencepiece 0.2.3, pillow 13.0.0; seed 15)
Writes siglip/ and siglip2/ beside this script: config.json, weights in float16, the tokenizer, and
golden.safetensors with inputs and outputs as `vild teacher check` compares them. siglip-ids.json has
token ids of awkward strings by each tokenizer, also by spiece-bytes.model, which spells unknown
characters in bytes; siglip-pixels.safetensors has images "N.image" [h, w, 3] and what the two
preprocessor_config.json make of them, "N.pixels" [S, S, 3].
"""
import base64, collections, json, os, sys, tempfile

sys.modules["torchvision"] = None  # not needed; a broken one stops transformers
import numpy as np
import sentencepiece
import torch
from PIL import Image
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file
from sentencepiece import sentencepiece_model_pb2
from transformers import SiglipConfig, SiglipModel, SiglipTokenizer
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.siglip2.tokenization_siglip2 import Siglip2Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
PLACES = 16
torch.manual_seed(15)
random = np.random.default_rng(15)
TEXT = """a photo of a cat the cat that sat on the photograph this is there are the fire hydrant hot dog hotdog
 café crème brûlée a bat animal bat naïve façade stop sign dont were theyve ill im hed the rock n roll
 bad photo good photo large photo small photo dirty photo clean photo origami photos itap of my the one
 写真 日本 日本語 写真 фото фото кот оδυσσευς οδος straße teddy bear traffic light wine glass tennis racket
 baseball bat potted plant dining table cell phone microwave toaster refrigerator scissors hair drier"""
STRINGS = [
    "", " ", "a photo of a cat.", "A PHOTO  of\ta\n CAT!!! ", "bat (animal)", "the cats' cat's hot-dog_stand/3.5mm",
    "café crème brûlée Æbleskiver", "cafe\u0301 e\u0301", "日本語の写真 ½ ٣ 写真", "🍕 pizza!!! 👩‍👩‍👧", "naïve façade — …",
    "fire\u00a0hydrant\u2003hot\u3000dog", "ＨＯＴ ｄｏｇ", "ﬁre oﬀ", "x" * 60, "ΑΣ ΟΔΟΣ Σ", "İstanbul DŽ ẞ", "\x85cat\u2028cat\x1ca",
    "▁a ▁ cat▁", "a\u200bb", "!", "...a", "a b", "zebrahotdogs", "zebra hot  dog", "\n\n", "<0x41> <unk"]


def configuration(text):
    vision = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 3,
              "image_size": 20, "patch_size": 8, "model_type": "siglip_vision_model"}
    return {"model_type": "siglip", "architectures": ["SiglipModel"], "vision_config": vision,
            "text_config": {"intermediate_size": 36, "num_hidden_layers": 2, "max_position_embeddings": PLACES,
                            "model_type": "siglip_text_model", **text}}


def write(name, text, tokenizer, processor):
    """The folder's configuration, weights and golden."""
    folder = f"{HERE}/{name}"
    config = configuration({"vocab_size": len(tokenizer) + 3, **text})
    json.dump(config, open(f"{folder}/config.json", "w"), indent=1)
    json.dump(processor, open(f"{folder}/preprocessor_config.json", "w"), indent=1)
    model = SiglipModel(SiglipConfig.from_dict(config)).eval()
    for key, parameter in model.named_parameters():
        if key == "logit_scale":
            parameter.data.fill_(1.5)
        elif key == "logit_bias":
            parameter.data.fill_(-2.25)
        elif parameter.ndim == 1 and key.endswith("weight"):
            parameter.data = 1 + 0.2 * torch.randn(parameter.shape)
        elif parameter.ndim == 1:
            parameter.data = 0.2 * torch.randn(parameter.shape)
        else:
            parameter.data = torch.randn(parameter.shape) * (1.5 / parameter[0].numel()) ** 0.5
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    model.load_state_dict({key: value.float() for key, value in weights.items()})
    save_file(weights, f"{folder}/model.safetensors", metadata={"format": "pt"})

    names = ["a photo of a cat.", "the fire hydrant", "Hot-Dog"]
    ids = torch.tensor([tokenizer(n, padding="max_length", max_length=PLACES, padding_side="right")["input_ids"] for n in names])
    images = torch.randn(3, 3, 20, 20)
    with torch.no_grad():
        # As SigLIP was trained: padding is looked at.
        o = model(pixel_values=images, input_ids=ids)
    tensors = {"pixel_values": images, "input_ids": ids, "attention_mask": torch.ones_like(ids), "image_embeds": o.image_embeds,
               "text_embeds": o.text_embeds, "logits_per_image": o.logits_per_image}
    save_file({key: value.contiguous() for key, value in tensors.items()}, f"{folder}/golden.safetensors")


def train(path, **options):
    """A unigram model of TEXT."""
    with tempfile.TemporaryDirectory() as folder:
        open(f"{folder}/text", "w").write(TEXT)
        sentencepiece.SentencePieceTrainer.train(
            input=f"{folder}/text", model_prefix=f"{folder}/m", model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
            hard_vocab_limit=False, minloglevel=2, num_threads=1, **options)
        model = sentencepiece_model_pb2.ModelProto.FromString(open(f"{folder}/m.model", "rb").read())
    for key in ("input", "model_prefix"):
        model.trainer_spec.ClearField(key)
    model.trainer_spec.ClearField("normalization_rule_tsv") if hasattr(model.trainer_spec, "normalization_rule_tsv") else None
    model.normalizer_spec.ClearField("normalization_rule_tsv")
    open(path, "wb").write(model.SerializeToString())
    return model


# Several letters that become one, one that becomes several, none, spaces, and one that is the beginning of another.
RULES = {"\t": " ", "\n": " ", "\u00a0": " ", "\u3000": " ", "\u2581": " ", "\u200b": "", "ﬁ": "fi", "ﬀ": "ff", "½": "1 2",
         "e\u0301": "é", "…": "...", "a\u030a": "å", **{chr(0xFF41 + i): chr(97 + i) for i in range(26)}}
for folder in ("siglip", "siglip2"):
    os.makedirs(f"{HERE}/{folder}", exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)
    open(f"{folder}/rules", "w").write("".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in RULES.items()))
    # Few characters are known, so that some of TEXT are not.
    model = train(f"{HERE}/siglip/spiece.model", vocab_size=120, character_coverage=0.98,
                  normalization_rule_tsv=f"{folder}/rules")
train(f"{HERE}/spiece-bytes.model", vocab_size=380, byte_fallback=True, user_defined_symbols=["hotdog", "bra"],
      normalization_rule_name="identity", character_coverage=0.98)
SETTINGS = {"tokenizer_class": "SiglipTokenizer", "do_lower_case": True, "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>",
            "model_max_length": 64, "model_input_names": ["input_ids"]}
json.dump(SETTINGS, open(f"{HERE}/siglip/tokenizer_config.json", "w"), indent=1)
# The same model as tokenizers has it.
json.dump({"version": "1.0", "added_tokens": [{"id": 0, "content": "<pad>", "special": True}, {"id": 1, "content": "</s>", "special": True}],
           "normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {
               "type": "Precompiled", "precompiled_charsmap": base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()}]},
           "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
           "model": {"type": "Unigram", "unk_id": 2, "byte_fallback": False, "vocab": [[p.piece, p.score] for p in model.pieces]}},
          open(f"{HERE}/siglip-unigram.json", "w"), ensure_ascii=False)


def learn(count):
    """Pairs of highest frequency of TEXT's words, first come first served."""
    words = collections.Counter(tuple("▁" + w) for w in TEXT.split())
    merges = [("e", "\u0301"), ("▁", "▁")]
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


vocabulary = {t: i for i, t in enumerate(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [f"<0x{b:02X}>" for b in range(256)])}
merges = learn(60)
# Both forms of é: two tokens.
for token in [*"▁abcdefghijklmnopqrstuvwxyz.'é\u0301写真日本фото", *(a + b for a, b in merges)]:
    if all(part in vocabulary or len(part) > 1 for part in token) or len(token) == 1:
        vocabulary.setdefault(token, len(vocabulary))
for a, b in merges:
    for token in (a, b, a + b):
        vocabulary.setdefault(token, len(vocabulary))
siglip = SiglipTokenizer(f"{HERE}/siglip/spiece.model")
gemma = Siglip2Tokenizer(vocab=vocabulary, merges=merges, add_eos_token=True, add_bos_token=False)
with tempfile.TemporaryDirectory() as folder:
    gemma.save_pretrained(folder)
    # As SigLIP 2 is published: the description says nothing of lower case, which it was trained on.
    description = json.load(open(f"{folder}/tokenizer.json"))
    description["normalizer"] = description["normalizer"]["normalizers"][-1]
    json.dump(description, open(f"{HERE}/siglip2/tokenizer.json", "w"), ensure_ascii=False)
json.dump({"tokenizer_class": "GemmaTokenizer", "padding_side": "right", "pad_token": "<pad>", "eos_token": "<eos>",
           "add_eos_token": True, "add_bos_token": False, "model_max_length": 64}, open(f"{HERE}/siglip2/tokenizer_config.json", "w"), indent=1)
bytes_too = SiglipTokenizer(f"{HERE}/spiece-bytes.model")
cases = [{"text": t, "siglip": siglip(t)["input_ids"], "bytes": bytes_too(t)["input_ids"], "siglip2": gemma(t)["input_ids"]}
         for t in STRINGS]
for text in ("<eos> a cat", "a<bos>b<mask>"):
    cases.append({"text": text, "siglip2": gemma(text)["input_ids"]})
json.dump(cases, open(f"{HERE}/siglip-ids.json", "w"), ensure_ascii=False, indent=0)

side = {"height": 20, "width": 20}
PROCESSORS = [
    # As google/siglip-base-patch16-224 has it, and SigLIP 2's bilinear.
    {"image_processor_type": "SiglipImageProcessor", "do_resize": True, "do_rescale": True, "do_normalize": True,
     "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 3, "rescale_factor": 1 / 255, "size": side},
    {"image_processor_type": "SiglipImageProcessor", "image_mean": [0.5, 0.4, 0.3], "image_std": [0.5, 0.25, 1], "resample": 2, "size": side}]
write("siglip", {"hidden_size": 24, "num_attention_heads": 3}, siglip, PROCESSORS[0])
write("siglip2", {"hidden_size": 16, "num_attention_heads": 2, "projection_size": 24}, gemma, PROCESSORS[1])

tensors = {}
for options in PROCESSORS:
    processor = SiglipImageProcessorPil(**{k: v for k, v in options.items() if k != "image_processor_type"})
    for width, height in [(37, 23), (9, 70), (20, 20)]:
        # Half noise, half a gradient: overshoots and smooth parts.
        noise = random.integers(0, 256, (height, width, 3))
        slope = np.linspace(0, 255, width)[None, :, None] + np.zeros((height, 1, 3))
        image = np.where(random.random((height, width, 1)) < 0.5, noise, slope).astype(np.uint8)
        pixels = processor(Image.fromarray(image), return_tensors="np")["pixel_values"][0]
        number = len(tensors) // 2
        tensors[f"{number}.image"] = image
        tensors[f"{number}.pixels"] = np.ascontiguousarray(pixels.transpose(1, 2, 0).astype(np.float32))
save_arrays(tensors, f"{HERE}/siglip-pixels.safetensors")
