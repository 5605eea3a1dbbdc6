"""Run as a program: {"set": FileDescriptorSet, "data": [messages]} in hexadecimal digits on standard input -> the
messages as the reference's pure Python implementation serializes them deterministically. Its default implementation
puts the entries of maps in an order of its own."""

import json
import os
import sys

os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: E402


def main():
    job = json.load(sys.stdin)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(bytes.fromhex(job["set"])).file:
        pool.Add(file)
    cls = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.M"))
    messages = [cls.FromString(bytes.fromhex(data)) for data in job["data"]]
    json.dump([message.SerializeToString(deterministic=True).hex() for message in messages], sys.stdout)


if __name__ == "__main__":
    main()
