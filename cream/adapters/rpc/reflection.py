"""How do tools such as grpcurl find out what is served? (server reflection, v1 and v1alpha)"""

from collections.abc import Sequence
from typing import cast

from grpclib.reflection.service import ServerReflection

from cream.adapters.rpc.method import Service

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


def with_reflection(services: Sequence[Service]) -> list[Service]:
    """The services and two more that describe them.

    grpclib's servicers touch no event loop, so they are used as they are.
    """
    return cast(list[Service], ServerReflection.extend(list(services)))
