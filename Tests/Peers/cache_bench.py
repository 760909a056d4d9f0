"""Times one store of region embeddings: cache_bench.py STORE write|sequential|random|first FOLDER [IMAGES].

The same records as vild-cache-bench: 300 boxes (float32), scores (float32) and unit vectors of
width 512 (float16) an image. Every store makes its files durable when it has written them (fsync of
each file and of the folder), and hands out NumPy arrays of its own memory when it reads.
"""

import json
import os
import sys
import time

import numpy as np

REGIONS, WIDTH, SHARD = 300, 512, 128
RECORD = np.dtype([("boxes", "<f4", 4), ("scores", "<f4"), ("vectors", "<f2", WIDTH)])


def samples(count=32):
    random = np.random.default_rng(1)
    for _ in range(count):
        corner = random.uniform(0, 400, (REGIONS, 2))
        boxes = np.concatenate([corner, corner + random.uniform(1, 100, (REGIONS, 2))], 1)
        vectors = random.standard_normal((REGIONS, WIDTH))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        yield {"boxes": boxes.astype("<f4"), "scores": random.random(REGIONS).astype("<f4"),
               "vectors": vectors.astype("<f2")}


def sync(folder):
    for root, _, names in os.walk(folder):
        for path in [root] + [f"{root}/{name}" for name in names]:
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


class MDS:
    compression = None

    def write(self, folder, records):
        from streaming import MDSWriter
        columns = {"id": "int", "boxes": "ndarray:float32", "scores": "ndarray:float32",
                   "vectors": "ndarray:float16"}
        with MDSWriter(out=folder, columns=columns, compression=self.compression) as out:
            for number, record in records:
                out.write({"id": number, **record})

    def open(self, folder):
        from streaming import StreamingDataset
        self.data = StreamingDataset(local=folder, shuffle=False, batch_size=1)
        self.count = len(self.data)

    def sequential(self):
        return iter(self.data)

    def get(self, index):
        return self.data[index]


class MDSZstd(MDS):
    compression = "zstd"


class WebDataset:
    def write(self, folder, records):
        import webdataset
        with webdataset.ShardWriter(f"{folder}/%06d.tar", maxcount=SHARD, verbose=0) as out:
            for number, record in records:
                out.write({"__key__": f"{number:012}",
                           **{f"{name}.npy": array for name, array in record.items()}})

    def open(self, folder):
        import webdataset
        tars = sorted(f"{folder}/{name}" for name in os.listdir(folder))
        self.data = webdataset.WebDataset(tars, shardshuffle=False).decode()

    def sequential(self):
        return iter(self.data)


class Npy:
    """One file an image, as DetPro keeps them."""

    def write(self, folder, records):
        for number, record in records:
            array = np.empty(REGIONS, RECORD)
            for name in RECORD.names:
                array[name] = record[name]
            np.save(f"{folder}/{number:012}.npy", array)

    def open(self, folder):
        self.paths = sorted(f"{folder}/{name}" for name in os.listdir(folder))
        self.count = len(self.paths)

    def sequential(self):
        return map(self.get, range(self.count))

    def get(self, index):
        return np.load(self.paths[index])


class LMDB:
    """No checksums, no compression: the bound of what memory and disk allow."""

    def write(self, folder, records):
        import lmdb
        with lmdb.open(folder, map_size=1 << 38) as store:
            records = list(records)
            for start in range(0, len(records), SHARD):
                with store.begin(write=True) as batch:
                    for number, record in records[start : start + SHARD]:
                        batch.put(number.to_bytes(8, "big"), b"".join(
                            record[name].tobytes() for name in RECORD.names))

    def open(self, folder):
        import lmdb
        self.store = lmdb.open(folder, map_size=1 << 38, readonly=True, lock=False)
        self.batch = self.store.begin(buffers=True)
        self.count = self.store.stat()["entries"]

    def sequential(self):
        for _, value in self.batch.cursor():
            yield self.arrays(value)

    def get(self, index):
        return self.arrays(self.batch.get((index + 1).to_bytes(8, "big")))

    def arrays(self, value):
        arrays, at = {}, 0
        for name, kind, shape in (("boxes", "<f4", (REGIONS, 4)), ("scores", "<f4", (REGIONS,)),
                                  ("vectors", "<f2", (REGIONS, WIDTH))):
            count = int(np.prod(shape))
            arrays[name] = np.frombuffer(value, kind, count, at).reshape(shape).copy()
            at += arrays[name].nbytes
        return arrays


STORES = {"mds": MDS, "mds-zstd": MDSZstd, "webdataset": WebDataset, "npy": Npy, "lmdb": LMDB}


def vectors(record):
    name = "vectors" if not isinstance(record, dict) or "vectors" in record else "vectors.npy"
    assert record[name].shape == (REGIONS, WIDTH)


def main(name, measure, folder, images=1024):
    store = STORES[name]()
    if measure == "write":
        os.makedirs(folder, exist_ok=True)
        pool = list(samples())
        start = time.perf_counter()
        store.write(folder, ((i + 1, pool[i % len(pool)]) for i in range(int(images))))
        sync(folder)
        count = int(images)
    else:
        # What the library is imported for is not counted, what it does with the folder is.
        import importlib
        for module in {"mds": ["streaming"], "mds-zstd": ["streaming"], "lmdb": ["lmdb"],
                       "webdataset": ["webdataset"]}.get(name, []):
            importlib.import_module(module)
        start = time.perf_counter()
        store.open(folder)
        count = 0
        if measure == "random" or (measure == "first" and hasattr(store, "get")):
            order = np.random.default_rng(2).permutation(store.count)
            if measure == "first":
                order = order[:16]
            else:
                start = time.perf_counter()
            for index in order:
                vectors(store.get(int(index)))
                count += 1
        else:
            for record in store.sequential():
                vectors(record)
                count += 1
                if measure == "first" and count == 16:
                    break
    seconds = time.perf_counter() - start
    size = sum(os.path.getsize(f"{root}/{file}") for root, _, files in os.walk(folder) for file in files)
    with open("/proc/self/status") as status:
        resident = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    print(json.dumps({"images": count, "seconds": seconds, "bytes": size, "resident": resident}))


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)  # some of the libraries take seconds to end their threads
