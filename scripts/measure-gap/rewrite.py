"""Copies a GGUF with its matrices in another type; metadata and vocabulary are unchanged (vectors become float32).

usage: python scripts/measure-gap/rewrite.py MODEL.gguf OUT.gguf F32|F16|Q8_0
"""

import sys

import gguf
from gguf.quants import dequantize, quantize

source, target, name = sys.argv[1:4]
kind = gguf.GGMLQuantizationType[name]
reader = gguf.GGUFReader(source)
fields = {key: field for key, field in reader.fields.items() if not key.startswith("GGUF.")}
writer = gguf.GGUFWriter(target, fields.pop("general.architecture").contents())
fields.pop("general.file_type", None)
writer.add_file_type(gguf.LlamaFileType[{"F32": "ALL_F32", "F16": "MOSTLY_F16", "Q8_0": "MOSTLY_Q8_0"}[name]])
for key, field in fields.items():
    array = field.types[0] == gguf.GGUFValueType.ARRAY
    writer.add_key_value(key, field.contents(), field.types[0], field.types[-1] if array else None)
for tensor in reader.tensors:
    values = dequantize(tensor.data, tensor.tensor_type)
    own = kind if values.ndim == 2 else gguf.GGMLQuantizationType.F32
    writer.add_tensor(tensor.name, quantize(values, own), raw_dtype=own)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
