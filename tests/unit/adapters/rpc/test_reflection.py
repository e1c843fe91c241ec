"""Are the reflection services added to those that are served?"""

from cream.adapters.rpc.method import methods_by_path, service_name
from cream.adapters.rpc.reflection import SERVICES, with_reflection
from tests.integration.rpc.handlers import ScriptedEcho


def test_two_services_are_added_under_their_public_names() -> None:
    methods = methods_by_path(with_reflection([ScriptedEcho()]), SERVICES)

    public = {service_name(m.path) for m in methods.values() if m.public}
    assert public == set(SERVICES)
    assert len({service_name(m.path) for m in methods.values()}) == 3
