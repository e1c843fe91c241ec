"""What does grpcio-reflection's client learn of a server? Prints it as JSON.

A process of its own: the client's protobuf definitions and grpclib's describe the same messages
under different file names, which one process cannot hold. Usage: reflection_client.py TARGET
"""

import json
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)


def main() -> None:
    with grpc.insecure_channel(sys.argv[1]) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = sorted(database.get_services())
        pool = DescriptorPool(database)
        echo = pool.FindServiceByName("cream.test.echo.v1.Echo")
        script = pool.FindMessageTypeByName("cream.test.echo.v1.Script")
        print(
            json.dumps(
                {
                    "services": services,
                    "methods": [method.name for method in echo.methods],
                    "fields": [field.name for field in script.fields],
                }
            )
        )


if __name__ == "__main__":
    main()
