"""PyTorch on the CPU: python3 torch_peer.py THREADS. Talks as serve.mjs says."""
import gzip
import itertools
import json
import os
import re
import sys
import time

import torch
from torch import nn

THREADS = int(sys.argv[1])
LAYOUTS = ("nchw", "channels_last")
TIME = 499
WARM_UP = 100  # as in lanewise.ts
IMAGES = os.environ.get("FASHION_MNIST_DIR")
torch.set_num_threads(THREADS)
torch.manual_seed(0)


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
        nn.Linear(7744, 128), nn.Dropout(0.3), nn.Linear(128, 10),
    )


def images(layout, rows=128):
    x = torch.rand(rows, 1, 28, 28)
    return x.to(memory_format=torch.channels_last) if layout == "channels_last" else x


def laid_out(model, layout):
    return model.to(memory_format=torch.channels_last) if layout == "channels_last" else model


class Recurrent(nn.Module):
    """Layers of the given units and a linear one; dropout as in Keras: one mask a sequence for each layer's inputs."""

    def __init__(self, kind, units, dropout=0.0):
        super().__init__()
        sizes = [1, *units]
        # layers of equal size are one module, which lets PyTorch do them in one call
        if dropout == 0 and len(set(units)) == 1:
            self.layers = nn.ModuleList([getattr(nn, kind)(1, units[0], num_layers=len(units), batch_first=True)])
        else:
            self.layers = nn.ModuleList(getattr(nn, kind)(a, b, batch_first=True) for a, b in zip(sizes, units))
        self.dropout = dropout
        self.out = nn.Linear(units[-1], 1)

    def forward(self, x):
        for layer in self.layers:
            if self.dropout > 0 and self.training:
                x = x * torch.dropout(torch.ones(x.shape[0], 1, x.shape[2]), self.dropout, True)
            x = layer(x)[0]
        return self.out(x)


def stepping(model, loss):
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7)

    def step(x, y):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

    return step


def training(model, loss, data):
    step = stepping(model, loss)

    def run():
        for x, y in data:
            step(x, y)

    return run


def predicting(model, x):
    with torch.inference_mode():
        torch.softmax(model(x), 1)


def cnn_train(layout):
    return training(laid_out(cnn(), layout), nn.CrossEntropyLoss(), [(images(layout), torch.randint(0, 10, (128,)))])


def cnn_predict(layout, rows):
    model, x = laid_out(cnn(), layout).eval(), images(layout, rows)
    return lambda: predicting(model, x)


def idx(name):
    """The numbers of an IDX file, which come after a word and one for each dimension."""
    path = os.path.join(IMAGES, name)
    with open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz") as file:
        data = bytearray(file.read())
    return torch.frombuffer(data, dtype=torch.uint8, offset=4 + 4 * data[3])


def on_images(layout, use, rows=128):
    """One batch of the training images after another, first to train by, then for what is measured."""
    model = laid_out(cnn(), layout)
    x = idx("train-images-idx3-ubyte").reshape(-1, 1, 28, 28) / 255
    if layout == "channels_last":
        x = x.to(memory_format=torch.channels_last)
    y = idx("train-labels-idx1-ubyte").long()
    batches = itertools.cycle(list(zip(x.split(rows), y.split(rows)))[: len(y) // rows])
    step = stepping(model, nn.CrossEntropyLoss())
    for _ in range(WARM_UP):
        step(*next(batches))
    if use == "predict":
        model.eval()
        return lambda: predicting(model, next(batches)[0])
    return lambda: step(*next(batches))


def sequences(*batches):
    return [(torch.randn(rows, TIME, 1), torch.randn(rows, TIME, 1)) for rows in batches]


def gemm(size):
    a, b, c = torch.rand(size, size), torch.rand(size, size), torch.empty(size, size)
    return lambda: torch.mm(a, b, out=c)


CASES = {
    "cnn-train": {layout: lambda layout=layout: cnn_train(layout) for layout in LAYOUTS},
    "cnn-predict": {layout: lambda layout=layout: cnn_predict(layout, 128) for layout in LAYOUTS},
    "cnn-predict-one": {layout: lambda layout=layout: cnn_predict(layout, 1) for layout in LAYOUTS},
    "signals-epoch": {"": lambda: training(Recurrent("RNN", [20, 10, 5], 0.2), nn.MSELoss(), sequences(32, 32, 2))},
}
if IMAGES:
    for use in ("train", "predict"):
        CASES[f"images-{use}"] = {layout: lambda layout=layout, use=use: on_images(layout, use) for layout in LAYOUTS}
for name, kind in (("rnn", "RNN"), ("lstm", "LSTM"), ("gru", "GRU")):
    for units in (32, 64):
        CASES[f"{name}3-{units}"] = {"": lambda kind=kind, units=units: training(Recurrent(kind, [units] * 3), nn.MSELoss(), sequences(66))}
for size in (64, 128, 256, 512, 1024):
    CASES[f"gemm-{size}"] = {"": lambda size=size: gemm(size)}


def say(answer):
    print(json.dumps(answer), flush=True)


def clock(run):
    begin = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begin)


def repeat(run, seconds):
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        times.append(clock(run))
    return sorted(times)[len(times) // 2]


backend = re.search(r"MKL-DNN v[\d.]+", torch.__config__.show())
version = f"PyTorch {torch.__version__} ({backend.group().replace('MKL-DNN', 'oneDNN') if backend else 'without oneDNN'})"
say({"version": version, "threads": THREADS, "variants": {name: list(variants) for name, variants in CASES.items()}})
works = {}
for line in sys.stdin:
    question = json.loads(line)
    try:
        if question.get("prepare"):
            works[question["variant"]] = CASES[question["prepare"]][question["variant"]]()
            say({"milliseconds": clock(works[question["variant"]])})
        elif "round" in question:
            say({"milliseconds": repeat(works[question["round"]], question["seconds"])})
        else:
            works.clear()
            say({})
    except Exception as error:  # whatever it is, the driver goes on with the other peers
        say({"error": str(error)[:300]})
