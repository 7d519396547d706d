# check_manifests.py
"""Check the manifests: required keys, no unknown ones, and every name that one manifest uses of another."""

import sys
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Named(Shape):
    name: str


class ServiceAccount(Shape):
    api_version: Literal["v1"]
    kind: Literal["ServiceAccount"]
    metadata: Named


class ConfigMap(Shape):
    api_version: Literal["v1"]
    kind: Literal["ConfigMap"]
    metadata: Named
    data: dict[str, str]


class OpaqueSecret(Shape):
    api_version: Literal["v1"]
    kind: Literal["Secret"]
    metadata: Named
    string_data: dict[str, str]


class Variable(Named):
    value: str  # a number needs quotes here


class Mount(Named):
    mount_path: str = Field(pattern="^/")
    read_only: Literal[True]  # no `subPath`: its file would never change


class Container(Named):
    image: str
    restart_policy: Literal["Always"] | None = None
    working_dir: str = "/"
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[Variable] = []
    volume_mounts: list[Mount] = []


class SecretName(Shape):
    secret_name: str


class Volume(Named):
    config_map: Named | None = None
    secret: SecretName | None = None


class Pod(Shape):
    service_account_name: str
    init_containers: list[Container] = []
    containers: list[Container] = Field(min_length=1)
    volumes: list[Volume] = []


class Labels(Shape):
    labels: dict[str, str]


class Template(Shape):
    metadata: Labels
    spec: Pod


class Selector(Shape):
    match_labels: dict[str, str]


class Workload(Shape):
    replicas: int = 1
    selector: Selector
    template: Template


class Deployment(Shape):
    api_version: Literal["apps/v1"]
    kind: Literal["Deployment"]
    metadata: Named
    spec: Workload


Manifest = ServiceAccount | ConfigMap | OpaqueSecret | Deployment
one = TypeAdapter[Manifest](Manifest)
read: list[Any] = [found for file in sys.argv[1:] for found in yaml.safe_load_all(Path(file).read_text())]
manifests = [one.validate_python(found, strict=True) for found in read]
there = {(manifest.kind, manifest.metadata.name) for manifest in manifests}
for manifest in manifests:
    if isinstance(manifest, Deployment):
        template = manifest.spec.template
        assert template.metadata.labels == manifest.spec.selector.match_labels
        assert ("ServiceAccount", template.spec.service_account_name) in there
        for volume in template.spec.volumes:
            assert volume.config_map is None or ("ConfigMap", volume.config_map.name) in there, volume
            assert volume.secret is None or ("Secret", volume.secret.secret_name) in there, volume
        volumes = {volume.name for volume in template.spec.volumes}
        for container in (*template.spec.init_containers, *template.spec.containers):
            assert {mounted.name for mounted in container.volume_mounts} <= volumes, container.name
sys.stdout.write(f"{len(manifests)} manifests are complete\n")
