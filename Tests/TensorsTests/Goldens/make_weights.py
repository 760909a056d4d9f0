"""Small files of weights as torch.save writes them, and as attackers do.

Usage: python make_weights.py     (torch, safetensors, numpy)

weights/expected.safetensors holds the tensors that all of the well-formed files hold, in row-major
order; those of weights/refused are refused, and the message holds their name.
"""
import builtins, os, pickle, shutil, tarfile, zipfile
from collections import OrderedDict

import torch
from safetensors.torch import save_file

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights")
shutil.rmtree(here, ignore_errors=True)
os.makedirs(f"{here}/refused")

torch.manual_seed(0)
floats = torch.randn(3, 4)
block = torch.arange(48, dtype=torch.float32).reshape(2, 4, 6) / 7
state = OrderedDict(
    float32=floats,
    float64=torch.randn(5, dtype=torch.float64),
    float16=torch.randn(2, 3).half(),
    bfloat16=torch.randn(7).bfloat16(),
    int64=torch.tensor([[1, -2], [2**40, -(2**40)]]),
    int32=torch.tensor([-7, 2**30], dtype=torch.int32),
    int16=torch.tensor([-300, 300], dtype=torch.int16),
    int8=torch.tensor([-128, 127], dtype=torch.int8),
    uint8=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(torch.randn(2, 2)),
    shared=floats,
    transposed=floats.t(),
    row=floats[1],
    column=floats[:, 2],
    permuted=block.permute(2, 0, 1),
    strided=block[:, 1::2, ::3],
    half_strided=torch.randn(4, 4).half()[::2, 1:3],
    int_strided=torch.arange(12).reshape(3, 4).t(),
    expanded=torch.arange(5).expand((1, -1)),
)
state._metadata = OrderedDict({"": {"version": 1}, "layer": dict(version=2)})
save_file({k: v.detach().clone().contiguous() for k, v in state.items()}, f"{here}/expected.safetensors")

for protocol in (2, 3, 4, 5):
    torch.save(state, f"{here}/zip-{protocol}.pt", pickle_protocol=protocol)
for protocol in (2, 4):
    torch.save(state, f"{here}/legacy-{protocol}.pth", pickle_protocol=protocol,
               _use_new_zipfile_serialization=False)

# Training checkpoints: the weights stand deeper.
parallel = OrderedDict((f"module.{k}", v) for k, v in state.items())
facts = dict(epoch=3, best=0.25, done=False, nothing=None, name="run", sizes=[1, (2, 3)], big=2**70,
             low=-5, medium=-70000, shape=torch.Size([2, 3]))
torch.save(dict(facts, raw=b"xyz", state_dict=parallel, optimizer=dict(lr=torch.tensor(1.0))),
           f"{here}/nested.pt", pickle_protocol=4)
torch.save(dict(facts, model=parallel), f"{here}/nested-legacy.pt", _use_new_zipfile_serialization=False)
torch.save(dict(model=dict(state_dict=state)), f"{here}/nested-twice.pt")

# A zip file of more than 4 GB, had it been one.
zipfile.ZIP64_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT = 0
with zipfile.ZipFile(f"{here}/zip-2.pt") as old, zipfile.ZipFile(f"{here}/zip64.pt", "w") as new:
    for entry in old.infolist():
        new.writestr(entry.filename, old.read(entry))

# A small one to damage in every place.
tiny = dict(a=torch.tensor([[1.0, 2.0], [3.0, 4.0]]).t(), b=torch.tensor([5, 6]))
# The same as detectron2 publishes detectors: arrays of NumPy, one column by column.
arrays = {name: tensor.numpy() for name, tensor in tiny.items()}
for protocol in (3, 4, 5):
    with open(f"{here}/tiny-arrays-{protocol}.pkl", "wb") as file:
        pickle.dump({"model": arrays, "__author__": "nobody"}, file, protocol=protocol)
torch.save(tiny, f"{here}/tiny-legacy.pt", _use_new_zipfile_serialization=False)
torch.save(tiny, f"{here}/tiny-zip.pt")


class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


attacks = {
    "posix.system": Call(os.system, "echo attacked"),
    "builtins.eval": Call(builtins.eval, "print('attacked')"),
    "builtins.getattr": Call(getattr, "text", "upper"),
    "builtins.set": {1, 2},
    "torch.float32": torch.float32,
}
for name, attack in attacks.items():
    torch.save(dict(tiny, attack=attack), f"{here}/refused/{name}.pt", pickle_protocol=3)
    torch.save(dict(tiny, attack=attack), f"{here}/refused/{name}.pth", pickle_protocol=4 if name != "builtins.set" else 3,
               _use_new_zipfile_serialization=False)

with zipfile.ZipFile(f"{here}/tiny-zip.pt") as old:
    with zipfile.ZipFile(f"{here}/refused/is compressed.pt", "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    with zipfile.ZipFile(f"{here}/refused/big-endian.pt", "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, b"big" if entry.filename.endswith("byteorder") else data)
    with zipfile.ZipFile(f"{here}/refused/is missing.pt", "w") as new:
        for entry in old.infolist():
            if not entry.filename.endswith("data/1"):
                new.writestr(entry.filename, old.read(entry))
with open(f"{here}/refused/tar files.pt", "wb") as file:
    file.write(tarfile.TarInfo("storages").tobuf(tarfile.USTAR_FORMAT))
with open(f"{here}/refused/not one that torch.save wrote.pt", "wb") as file:
    pickle.dump(dict(a=1), file, protocol=2)
torch.save(dict(facts), f"{here}/refused/no tensors.pt")
torch.save(torch.zeros(2), f"{here}/refused/no tensors.pth")
