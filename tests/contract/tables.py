"""Tables with the keys and indexes that template.yaml gives them, so that the two cannot part."""

from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_OF_A_TABLE = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, whose results do not matter here."""


def _function(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node)


_Loader.add_multi_constructor("!", _function)


def resource(name: str) -> dict[str, Any]:
    """The properties of one of the template's resources."""
    template = yaml.load(TEMPLATE.read_text(), _Loader)
    properties = template["Resources"][name]["Properties"]
    assert isinstance(properties, dict)
    return properties


def make_table(client: Any, resource_name: str, table: str) -> str:
    """Make a table like the template's; return its name."""
    properties = resource(resource_name)
    client.create_table(
        TableName=table, **{name: properties[name] for name in _OF_A_TABLE if name in properties}
    )
    return table
