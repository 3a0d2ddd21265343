"""Writes answers.json beside this file: what az prints for documents, queries
and formats, by running az's own code on them.

    python3 -m venv venv
    venv/bin/pip install azure-cli-core==2.91.0 msrest azure-common
    venv/bin/python tests/az/generate.py
"""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile

os.environ["AZURE_CONFIG_DIR"] = tempfile.mkdtemp()
os.environ["AZURE_CORE_COLLECT_TELEMETRY"] = "no"

from azure.cli.core import AzCli, AzCommandsLoader, __version__
from azure.cli.core._help import AzCliHelp
from azure.cli.core._output import AzOutputProducer
from azure.cli.core.azlogging import AzCliLogging
from azure.cli.core.commands import AzCliCommandInvoker
from azure.cli.core.parser import AzCliCommandParser

WORKSPACE = {
    "userStorageKey": None,
    "userStorageResourceId": "/subscriptions/s/storageAccounts/invented",
    "appInsightsInstrumentationKey": "********",
    "containerRegistryCredentials": {
        "location": None,
        "username": "inventedregistry",
        "passwords": [
            {"name": "password", "value": "********"},
            {"name": "password2", "value": "********"},
        ],
    },
    "notebookAccessKeys": {"primaryAccessKey": None, "secondaryAccessKey": "********"},
}
AKS = {
    "computeType": "AKS",
    "userKubeConfig": "apiVersion: v1\nkind: Config\n",
    "adminKubeConfig": "********",
    "imagePullSecretName": "the image pull secret name",
}
MANY = [
    {"name": "b", "id": "/b", "type": "t", "count": 10, "ok": True, "tags": {"x": "1"}, "list": [1, 2]},
    {"name": "a", "id": "/a", "type": "t", "count": 9, "ok": False, "tags": {}, "list": []},
    {"name": "ünïcode", "id": "/c", "count": None, "ratio": 1.5, "nothing": None, "": "empty"},
]
ODD = {
    "text": " padded ", "lines": "one\ntwo", "tab": "one\ttwo", "quotes": "\"'\\", "yes": "yes", "number": "12",
    "int": 12345, "float": 0.25, "negative": -3, "true": True, "false": False, "null": None,
    "empty": "", "list": [], "object": {}, "lists": [["a", 1, None], ["b"]], "mixed": [1, "a", None, {"k": "v"}, [1]],
    "Ärger": "é", "date": "2026-11-21", "tilde": "~", "control": "\u001b[31m\u0007", "z": 1, "a": 2,
}
DOCUMENTS = {"workspace": WORKSPACE, "aks": AKS, "many": MANY, "odd": ODD, "list": ["x", None, True, 3], "empty list": [], "empty object": {}}

QUERIES = {
    "workspace": [
        None, "@", "userStorageKey", "userStorageResourceId", "missing", "missing.deeper",
        "containerRegistryCredentials", "containerRegistryCredentials.username",
        "containerRegistryCredentials.passwords", "containerRegistryCredentials.passwords[0]",
        "containerRegistryCredentials.passwords[0].value", "containerRegistryCredentials.passwords[-1].name",
        "containerRegistryCredentials.passwords[].value", "containerRegistryCredentials.passwords[*].[value, name]",
        "containerRegistryCredentials.passwords[].{Value: value, Name: name}",
        "containerRegistryCredentials.passwords[?name=='password2'].value | [0]",
        "containerRegistryCredentials.passwords[?name=='nobody']",
        "containerRegistryCredentials.passwords[?name=='nobody'] | [0]",
        "[userStorageKey, userStorageResourceId]", "{user: containerRegistryCredentials.username, id: userStorageResourceId}",
        "notebookAccessKeys", "notebookAccessKeys.*", "*", "keys(@)", "values(notebookAccessKeys)", "length(@)",
        "length(containerRegistryCredentials.passwords)", "type(userStorageKey)", "not_null(userStorageKey, 'none')",
        "userStorageKey || 'none'", "userStorageKey == null", "!userStorageKey", "to_string(notebookAccessKeys)",
        "join(',', containerRegistryCredentials.passwords[].name)", "containerRegistryCredentials.passwords[].name | sort(@) | reverse(@)",
        "contains(userStorageResourceId, 'storage')", "merge(notebookAccessKeys, {extra: 'x'})",
        "{b: {z: userStorageResourceId, a: appInsightsInstrumentationKey}}", "[containerRegistryCredentials.{z: username, a: location}]",
        "sort_by(containerRegistryCredentials.passwords, &name)[].{v: value, n: name}", "max_by(containerRegistryCredentials.passwords, &name)",
        "map(&{v: value, n: name}, containerRegistryCredentials.passwords)", "containerRegistryCredentials.passwords[?contains(name, '2')]",
        "containerRegistryCredentials.passwords[:1]", "containerRegistryCredentials.passwords[::-1].{v: value, n: name}",
        "a[", "a.", "foo(@)", "containerRegistryCredentials..x", "'unclosed", "[?a=]", "", "length(userStorageKey)", "a-b", "`{\"z\": 1, \"a\": 2}`", "`3`", "`\"text\"`", "'raw'",
    ],
    "aks": [None, "computeType", "userKubeConfig", "{type: computeType, kube: userKubeConfig}", "keys(@)", "[computeType]"],
    "many": [
        None, "[]", "[0]", "[].name", "[].{Name: name, Count: count}", "[].[name, count]", "[?ok].name", "[?count > `9`].name",
        "[?name < 'b'].name", "[].tags", "[].tags.x", "[].list", "[].list[]", "[*].list[0]", "sum([?count].count)", "avg([?count].count)",
        "sort_by(@, &name)[].name", "[?count].count", "[].{ok: ok}", "[].{Count: count, Ratio: ratio}", "length(@)", "[].nothing", "[?name=='a'] | [0]",
        "[].{id: id, type: type}", "[].{A: id}", "[1:].name", "max([?count].count)", "[?!ok].name", "[?ok && count > `5`].{n: name}",
    ],
    "odd": [
        None, "text", "lines", "tab", "quotes", "int", "float", "negative", "true", "false", "null", "empty", "list", "object", "lists", "mixed", "lists[]",
        "lists[0]", "\"Ärger\"", "yes", "number", "date", "tilde", "[int, float, true, null, text]", "{z: z, a: a}", "{t: text, l: lines}", "[text, empty]",
        "{e: empty, n: null}", "[{a: int}, {a: negative}, {a: z}]", "[{a: float}, {a: int}]", "[{a: number}, {a: int}]", "[{a: true}, {a: false}]", "[{a: lines, b: a}]",
        "abs(negative)", "ceil(float)", "to_number(number)", "to_array(text)", "to_string(int)", "control", "sum([int, negative])", "avg([int, z])", "int > z", "text > z",
    ],
    "list": [None, "[]", "[0]", "[1]", "reverse(@)", "[?@]"],
    "empty list": [None, "[0]", "[]", "length(@)"],
    "empty object": [None, "a", "*", "keys(@)"],
}
FORMATS = ["json", "yaml", "table", "tsv"]


class Loader(AzCommandsLoader):
    def __init__(self, cli_ctx=None):
        super().__init__(cli_ctx=cli_ctx)
        self.cmd_to_loader_map = {}

    def load_command_table(self, args):
        with self.command_group("document", operations_tmpl="__main__#{}") as group:
            group.custom_command("show", "show", operations_tmpl="__main__#{}")
        return self.command_table

    def load_arguments(self, command):
        pass


document = None


def show():
    return document


def az(query, output):
    cli = AzCli(cli_name="az", config_dir=os.environ["AZURE_CONFIG_DIR"], config_env_var_prefix="AZURE",
                commands_loader_cls=Loader, invocation_cls=AzCliCommandInvoker, parser_cls=AzCliCommandParser,
                logging_cls=AzCliLogging, output_cls=AzOutputProducer, help_cls=AzCliHelp)
    arguments = ["document", "show", "--output", output]
    if query is not None:
        arguments += ["--query", query]
    stdout = io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            code = cli.invoke(arguments, out_file=stdout)
        except SystemExit as ended:
            code = ended.code
        except Exception:  # az reports some refusals with more of itself than is installed here
            code = 1
    return code, stdout.getvalue()


answers = {"az": __version__, "documents": DOCUMENTS, "answers": []}
for name, document in DOCUMENTS.items():
    for query in QUERIES[name]:
        answer = {"document": name, "query": query}
        for output in FORMATS:
            code, stdout = az(query, output)
            answer[output] = stdout if code == 0 else None
        answers["answers"].append(answer)

path = pathlib.Path(__file__).with_name("answers.json")
rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in answers.pop("answers"))
head = json.dumps(answers, ensure_ascii=False, indent=1)[:-2]
path.write_text(f'{head},\n "answers": [\n{rows}\n ]\n}}\n', encoding="utf-8")
print(f"{path}: az {__version__}", file=sys.stderr)
