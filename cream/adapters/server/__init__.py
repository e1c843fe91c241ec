"""How do callers reach Cream: gRPC services, JSON over HTTP, a WebSocket, and who may?"""
