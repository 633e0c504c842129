"""Safetensors by the reader and writer of Hugging Face (packages safetensors and numpy), for hugging-face.test.ts.

  read FILE…    one JSON line a file: its metadata and tensors, or null where it is refused
  write FILE    a file of tensors of every element type that Lanewise reads
"""
import hashlib
import json
import sys
import numpy as np
from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import save_file


def read(path):
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
        with open(path, "rb") as file:
            tensors = deserialize(file.read())
    except SafetensorError:
        return None
    return {
        "metadata": metadata,
        "tensors": {name: [tensor["dtype"], tensor["shape"], hashlib.sha256(tensor["data"]).hexdigest()] for name, tensor in tensors},
    }


def write(path):
    types = ["float32", "float64", "int8", "int16", "int32", "uint8", "uint16", "uint32"]
    save_file({name: np.arange(6, dtype=name).reshape(2, 3) for name in types}, path, {"é": '"\n'})


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    if command == "write":
        write(*paths)
    else:
        for each in paths:
            print(json.dumps(read(each)))
