"""How near the hot paths come to what the processor can do: limits.py FOLDER [ROUNDS [NAME ...]], where FOLDER
holds the built vild-bench and vild-cache-bench and names choose paths.

`vild-bench limits` measures the processor's peaks and counts what each path must compute and move from the
shapes of its layers; here each path is timed, ROUNDS processes (3) with one thread and with all, and sampled by
`perf record` (Debian: linux-perf) with all. Prints Markdown. The share of the limit is the least time by the
roofline over the median of the rounds' medians; serial is what Amdahl's law makes of both times. Needs numpy
and pillow for the photograph. On a machine that does something else as well the figures mean nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
# What is measured, by the words for vild-bench.
PATHS = {
    "vit-b32 float32": "ViT-B/32, float32, a crop",
    "vit-b32 bfloat16": "ViT-B/32, bfloat16, a crop",
    "lite2 float32": "EfficientNet-Lite2 at 260 px, blocks alone, float32, a crop",
    "lite2 bfloat16": "EfficientNet-Lite2 at 260 px, blocks alone, bfloat16, a crop",
    "conse float32": "ConSE's whole tower on it, float32, layer by layer, a crop",
    "conse bfloat16": "ConSE's whole tower on it, bfloat16, a crop",
    "mask-rcnn-train": "Mask R-CNN R50-FPN at 640 px, training step, an image",
    "mask-rcnn-detect": "Mask R-CNN R50-FPN at 640 px, inference, an image",
    "photographs-train": "`photographs.yaml`, Lite0 at 320 px, training step, an image of its four",
    "exported lite0 one float32": "`photographs.yaml`, Lite0 at 320 px, inference, an image",
    "crops": "JPEG to 16 crops of 260 px, an image",
    "cache": "shard to batch, an image of 300 vectors of 512",
}
# Kinds of work by the names of functions, the first that fits.
KINDS = {
    "kernel": r"\[kernel|\[vdso",
    "decoding, resampling": r"libjpeg|jpeg|jsimd|libzstd|ZSTD|HUF_|libxxhash|XXH|image_|horizontal|vertical|make_axis|"
                            r"bicubic|crc32",
    "products": r"libopenblas|libdnnl|perf-\d+\.map|products|pointwise|bfloat_forward|vild_attention|vild_dot|^(linear|rectified|"
                r"swished|gelu\w*|tanh\w*|tile\w*|block\w*|expand\w*|project\w*|map_cells\w*|product|wide|narrow)\b",
    "depthwise": r"depthwise|forward_rows|^(rows|taps|row)\w*_?[357]?\b",
    "patches, transforms": r"winograd|patch|gather|scatter|memmove|memcpy|memset|pack|cells|roi|Matrix|"
                           r"ConvolutionShape|stem",
    "elementwise, norms, optimiser": r"activation|norm|softmax|add|axpy|sum|adamw|sgd|scale|bfloat|mean|excit|Tensors",
}
OTHER, WAITING = "all other code", "waiting"


def run(*command, threads=None):
    environment = dict(os.environ, **({"VILD_THREADS": str(threads)} if threads else {}))
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(result.stdout)


def cache(bench, folder, measure):
    """`vild-cache-bench`'s answer in the form of vild-bench's."""
    found = run(bench, measure, folder, "1024" if measure == "write" else "64")
    return {"seconds": [found["seconds"] / found["images"]], "bytes": found["bytes"] / found["images"]}


def kind(function):
    return next((kind for kind, pattern in KINDS.items() if re.search(pattern, function)), OTHER)


def waits(stack):
    """Whether a thread looks for work: one that helps is outside of a piece, one that calls has none left."""
    for function in stack:
        if "ThreadTeamC6finish" in function:
            return False
        if "ThreadTeamC7perform" in function:
            return True
    return any("WorkerThread" in function for function in stack)


def samples(text):
    """Time and stack, innermost function first, of each sample that `perf script` prints."""
    for block in text.split("\n\n"):
        header, *frames = block.strip().splitlines() or [""]
        if frames:
            yield float(header.split()[0].rstrip(":")), [f.split(None, 1)[-1].strip() for f in frames]


def profile(command, threads):
    """The share of each kind of all threads' time while the work was repeated."""
    with tempfile.NamedTemporaryFile() as file:
        found = run("perf", "record", "-q", "-g", "-F", "499", "-o", file.name, *command, threads=threads)
        text = subprocess.run(("perf", "script", "-i", file.name, "-F", "time,ip,sym,dso"),
                              capture_output=True, text=True, check=True).stdout
    stacks = list(samples(text))
    # The process ends with its last repetition.
    stacks = [stack for time, stack in stacks if time > stacks[-1][0] - found["clock"]]
    functions = Counter(stack[0] for stack in stacks if not waits(stack))
    busy = min(1, found["processors"] / found["clock"] / threads) / len(stacks)
    if os.environ.get("VILD_LIMITS_FUNCTIONS"):
        for function, count in functions.most_common(25):
            print(f"    {count * busy:7.2%}  {kind(function):30} {function[:90]}", file=sys.stderr)
    shares = Counter()
    for function, count in functions.items():
        shares[kind(function)] += count * busy
    shares[WAITING] = 1 - sum(shares.values())
    return shares


def main(folder, rounds="3", *names):
    bench, cache_bench = (os.path.join(folder, name) for name in ("vild-bench", "vild-cache-bench"))
    missing = [program for program in ("perf", bench, cache_bench) if not shutil.which(program)]
    unknown = [name for name in names if name not in PATHS]
    if missing or unknown:
        sys.exit(f"limits.py: no such program: {', '.join(missing)}" if missing else
                 f"limits.py: no such path: {', '.join(unknown)}; there are {', '.join(PATHS)}")
    limits = run(bench, "limits")
    peaks, threads = limits["peaks"], limits["threads"]
    print(f"{limits['processor']}, {threads} threads\n\n| peak | one thread | {threads} threads |")
    print("| --- | ---: | ---: |")
    for name, title in (("float32", "float32 multiply-adds, Gop/s"), ("bfloat16", "bfloat16 dot products, Gop/s"),
                        ("bandwidth", "memory, GB/s")):
        print(f"| {title} | {peaks['one'][name] / 1e9:.0f} | {peaks['all'][name] / 1e9:.0f} |")
    profiles = []
    print("\n| path | Gop as written | Gop at least | MB | ms, one thread | share | ms, all | share | serial |\n"
          "| --- |" + " ---: |" * 8, flush=True)
    with tempfile.TemporaryDirectory() as place:
        photograph, store = f"{place}/photograph.jpg", f"{place}/cache"
        subprocess.run((sys.executable, f"{HERE}/towers.py", "photograph", photograph), check=True)
        for path, title in PATHS.items():
            if names and path not in names:
                continue
            count = limits["paths"].get(path)
            if path.endswith("bfloat16") and not peaks["one"]["bfloat16"]:
                continue
            if path == "cache":
                stored = cache(cache_bench, store, "write")["bytes"]
                # What is stored is read, and floats are written.
                moved = stored + 300 * 512 * 4
                seconds = {1: [cache(cache_bench, store, "stream")["seconds"][0] for _ in range(int(rounds))]}
            else:
                command = (bench, *path.split()) + ((photograph,) if path == "crops" else ())
                seconds = {n: [median(run(*command, threads=n)["seconds"]) for _ in range(int(rounds))]
                           for n in (1, threads)}
                moved = count["bytes"] if count else (
                    # The file is read, pixels are written and, crop by crop, read, and floats are written.
                    os.path.getsize(photograph) + 640 * 480 * 3 + crop_pixels() + 16 * 260 * 260 * 3 * 4)
                profiles.append((title, profile(command, threads)))
            taken = {n: median(times) for n, times in seconds.items()}
            one, every = taken[1], taken.get(threads)
            least = count["seconds"] if count else {n: moved / peaks[n]["bandwidth"] for n in ("one", "all")}
            serial = (threads * every / one - 1) / (threads - 1) if every and threads > 1 else None
            work = [f"{(count[part] + count['depthwise']) / 1e9:.2f}" if count else ""
                    for part in ("written", "products")]
            row = [title, *work, f"{moved / 1e6:.1f}", f"{one * 1e3:.2f}", f"{least['one'] / one:.2f}",
                   f"{every * 1e3:.2f}" if every else "", f"{least['all'] / every:.2f}" if every else "",
                   f"{serial:.2f}" if serial is not None else ""]
            print("| " + " | ".join(row) + " |", flush=True)
    kinds = [*KINDS, OTHER, WAITING]
    print(f"\n| of all threads' time | {' | '.join(kinds)} |\n| --- |" + " ---: |" * len(kinds))
    for title, shares in profiles:
        print(f"| {title} | " + " | ".join(f"{shares[k]:.2f}" for k in kinds) + " |")


def crop_pixels():
    """Bytes of the crops of `vild-bench crops`."""
    return sum(3 * (20 + i * 53 % 220) * (20 + i * 29 % 170) for i in range(16))


main(*sys.argv[1:])
