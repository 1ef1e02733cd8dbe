"""Imports records as another implementation of gRPC sends them: one message, one frame, without a pause.

Arguments: the service's address, the number of records, and one record as hexadecimal protobuf, in which the text
"EXT0000000" stands for the number of the record. The token is in the variable TOKEN. Other calls run on the same
channel meanwhile. Prints as JSON how many records were imported and refused, and how each call ended.
"""

import json
import os
import sys
import threading

import grpc

address, count, template = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
metadata = [("authorization", "Bearer " + os.environ["TOKEN"])]
head, tail = template.split(b"EXT0000000")


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def records():
    for number in range(1, count + 1):
        # The last value of a field counts: the sequence of the template is replaced.
        yield head + b"EXT%07d" % number + tail + b"\x08" + varint(number)


# Each message waits for its own frame: nothing is put together before it is sent.
channel = grpc.insecure_channel(address, options=[("grpc.optimization_target", "latency")])
same = {"request_serializer": lambda raw: raw, "response_deserializer": lambda raw: raw}
importing = channel.stream_stream("/zorgportaal.dossier.v1.DossierService/ImportRecords", **same)
checking = channel.unary_unary("/grpc.health.v1.Health/Check", **same)
done, others = threading.Event(), {"OK": 0}


def check():
    while not done.is_set():
        try:
            checking(b"", timeout=10)
            others["OK"] += 1
        except grpc.RpcError as error:
            others[error.code().name] = others.get(error.code().name, 0) + 1
        done.wait(0.02)


other = threading.Thread(target=check)
other.start()
results, end = {"imported": 0, "refused": 0}, "OK"
try:
    for answer in importing(records(), metadata=metadata):
        # Field 2 of the answer is an imported record, field 3 a refused one.
        position = 0
        kind = None
        while position < len(answer):
            tag = answer[position]
            position += 1
            if tag & 7 == 0:
                while answer[position] > 127:
                    position += 1
                position += 1
            else:
                kind = tag >> 3
                position += 1 + answer[position]
        results["imported" if kind == 2 else "refused"] += 1
except grpc.RpcError as error:
    end = f"{error.code().name}: {error.details()}"
done.set()
other.join()
print(json.dumps({**results, "end": end, "others": others}))
