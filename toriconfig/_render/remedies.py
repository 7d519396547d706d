"""The general remedy for each code of a problem, for code scanning and the reference documentation.

`Problem.help` is the specific remedy of one problem.
"""

from __future__ import annotations

from toriconfig._core.problem import Code

REMEDIES: dict[str, str] = {
    Code.INVALID_SYNTAX: "Correct the text at the caret. Quote a value that contains `: `, ` #` or starts with a special character.",
    Code.DUPLICATE_KEY: "Remove one of the two keys.",
    Code.UNREADABLE_FILE: "Check the path, the permissions and the encoding (UTF-8) of the file.",
    Code.TOO_LARGE: "Divide the file, or use fewer aliases. Settings files hold at most 16 MiB.",
    Code.FORBIDDEN_TAG_OR_KEY: "Write a plain mapping, list, text, number, true, false or null.",
    Code.MISSING_FILE: "Create the file or the table, or correct its name in the options.",
    Code.NOT_A_MAPPING: "Write `key: value` lines at the top level of the file.",
    Code.UNKNOWN_KEY: "Correct the key, or remove it. `toriconfig check --fix` corrects a key with exactly one candidate.",
    Code.WRONG_TYPE: "Write a value of the expected type. `toriconfig explain KEY` shows where the value comes from.",
    Code.MISSING_KEY: "Set the key in a settings file or by its variable, or give the field a default.",
    Code.VALUE_NOT_ALLOWED: "Write one of the allowed values, or a value within the limits.",
    Code.LAYERS_CLASH: "Make both values the same kind, or remove one of them.",
    Code.NULL_REMOVES: "Write a value, or delete the key. An empty `key:` is null.",
    Code.DEPRECATED_KEY: "Use the new name. `toriconfig check --fix` renames the key in files.",
    Code.BROKEN_RULE: "Change the values that the message names, so that they satisfy the rule of the settings class.",
    Code.YAML_1_1_SCALAR: "Quote the value if text is meant; write `true`, `false` or a decimal number if not.",
    Code.UNKNOWN_REFERENCE: "Correct the scheme or the key of the reference. A literal `${` is written `$${`.",
    Code.SECRET_IN_PLAIN_FIELD: "Declare the field as `Secret[...]`, or do not refer to a secret there.",
    Code.REFERENCE_CYCLE: "Give one of the values that refer to each other a value of its own.",
    Code.REFERENCE_NOT_SET: "Set the variable or the key, or write a default: `${env:NAME:-default}`.",
    Code.FILE_OUTSIDE_ROOTS: "Add the folder to the option `file_roots`, or declare the field as `Secret[...]`.",
    Code.MALFORMED_REFERENCE: 'Correct the syntax. Quote parts with special characters: `${vault:secret/"my app"#key}`.',
    Code.UNRESOLVED_REFERENCE: "Move the reference to a settings file, declare it with `Ref`, or set the value itself.",
    Code.URL_PART_NOT_ENCODED: "Encode the part: `${vault:secret/app#password|url}`.",
    Code.SECRET_WITHOUT_VALUE: "Configure Vault, or set the secret by its variable. `toriconfig doctor` examines the access.",
    Code.INCOMPLETE_SECRET: "Supply all keys of the model, from one reference or from one layer.",
    Code.MASK_AS_VALUE: "Set the secret itself. The value was copied from an output in which it was masked.",
    Code.INVALID_SECRET_PATH: "Correct the path: `mount/path#key`, without a leading `/`, and without `data/` for KV v2.",
    Code.BACKEND_UNREACHABLE: "Check address and network, then try again. `toriconfig doctor` shows the step that fails.",
    Code.BACKEND_DENIED: "Give the program the policy that `toriconfig policy` prints, or log in again.",
    Code.NOT_IN_BACKEND: "Write the secret, or correct the path, the key or the version of the reference.",
    Code.RISKY_TOKEN: "Use a renewable token or a login, with the policy that `toriconfig policy` prints.",
    Code.CLOCK_DIFFERS: "Synchronize the clock of this machine or of the server.",
    Code.UNPROTECTED_CONNECTION: "Use https, verify the certificate, and set VAULT_CACERT for a private CA.",
    Code.UNKNOWN_VARIABLE: "Correct the name of the variable, or unset it.",
    Code.DUPLICATE_VARIABLE: "Keep one spelling, and remove the other.",
    Code.UNKNOWN_PROFILE: "Correct the profile, or create its file `NAME.<profile>.yaml`.",
    Code.INVALID_OPTION: "Correct or remove the option in `model_config`, or in the call of `load` or `lazy`.",
    Code.UNREADABLE_SOURCE: "Make the source available. The message names the source and the reason.",
    Code.IGNORED_FILE: "Move the settings to the file that is read, or remove the ignored file.",
}  # fmt: skip
