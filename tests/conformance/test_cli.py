"""Every operation by the unmodified `aws` command, pointed at Keystead by `keystead env` alone."""

import base64
import json
import os
import pathlib
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization

from keys_elsewhere import oaep
from harness import ACCOUNT, OTHER_REGION, PATIENCE, clean_env

AWS = pathlib.Path(sys.executable).parent / "aws"


@pytest.fixture(scope="module")
def aws(server):
    """Runs `aws kms …` and returns its answer, or its error."""

    def run(*arguments, text=False):
        done = subprocess.run(
            [sys.executable, str(AWS), "kms", *arguments], capture_output=True, text=True, timeout=PATIENCE,
            env=clean_env(server.exports), stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            return done.stderr.strip()
        return done.stdout.strip() if text else json.loads(done.stdout or "{}")

    return run


# Operation, arguments, members of its answer. `{key}`, `{blob}` and `{other}` stand for what earlier steps made.
WALK = [
    ("describe-key", ["--key-id", "{key}"], {"KeyMetadata"}),
    ("list-keys", ["--limit", "5", "--no-paginate"], {"Keys", "Truncated"}),
    ("update-key-description", ["--key-id", "{key}", "--description", "by hand"], set()),
    ("disable-key", ["--key-id", "{key}"], set()),
    ("enable-key", ["--key-id", "{key}"], set()),
    ("create-alias", ["--alias-name", "alias/by-hand", "--target-key-id", "{key}"], set()),
    ("list-aliases", ["--key-id", "{key}"], {"Aliases"}),
    ("update-alias", ["--alias-name", "alias/by-hand", "--target-key-id", "{key}"], set()),
    ("tag-resource", ["--key-id", "{key}", "--tags", "TagKey=Team,TagValue=Treasury"], set()),
    ("list-resource-tags", ["--key-id", "{key}"], {"Tags"}),
    ("untag-resource", ["--key-id", "{key}", "--tag-keys", "Team"], set()),
    ("get-key-policy", ["--key-id", "{key}", "--policy-name", "default"], {"Policy", "PolicyName"}),
    ("put-key-policy", ["--key-id", "{key}", "--policy", "{policy}"], set()),
    ("list-key-policies", ["--key-id", "{key}"], {"PolicyNames"}),
    ("encrypt", ["--key-id", "alias/by-hand", "--plaintext", "hello", "--encryption-context", "a=b"],
     {"CiphertextBlob", "KeyId", "EncryptionAlgorithm"}),
    ("decrypt", ["--ciphertext-blob", "{blob}", "--encryption-context", "a=b"],
     {"Plaintext", "KeyId", "EncryptionAlgorithm", "KeyMaterialId"}),
    ("re-encrypt", ["--ciphertext-blob", "{blob}", "--source-encryption-context", "a=b", "--destination-key-id", "{key}"],
     {"CiphertextBlob", "SourceKeyId", "KeyId", "SourceEncryptionAlgorithm", "DestinationEncryptionAlgorithm",
      "SourceKeyMaterialId", "DestinationKeyMaterialId"}),
    ("generate-data-key", ["--key-id", "{key}", "--key-spec", "AES_256"],
     {"CiphertextBlob", "Plaintext", "KeyId", "KeyMaterialId"}),
    ("generate-data-key-without-plaintext", ["--key-id", "{key}", "--number-of-bytes", "24"],
     {"CiphertextBlob", "KeyId", "KeyMaterialId"}),
    ("generate-data-key-pair", ["--key-id", "{key}", "--key-pair-spec", "ECC_NIST_P256"],
     {"PrivateKeyCiphertextBlob", "PrivateKeyPlaintext", "PublicKey", "KeyId", "KeyPairSpec", "KeyMaterialId"}),
    ("generate-data-key-pair-without-plaintext", ["--key-id", "{key}", "--key-pair-spec", "ECC_NIST_P256"],
     {"PrivateKeyCiphertextBlob", "PublicKey", "KeyId", "KeyPairSpec", "KeyMaterialId"}),
    ("sign", ["--key-id", "{signing}", "--message", "hello", "--signing-algorithm", "ECDSA_SHA_256"],
     {"KeyId", "Signature", "SigningAlgorithm"}),
    ("verify", ["--key-id", "{signing}", "--message", "hello", "--signing-algorithm", "ECDSA_SHA_256",
                "--signature", "{Signature}"], {"KeyId", "SignatureValid", "SigningAlgorithm"}),
    ("generate-mac", ["--key-id", "{hmac}", "--message", "hello", "--mac-algorithm", "HMAC_SHA_256"],
     {"KeyId", "Mac", "MacAlgorithm"}),
    ("verify-mac", ["--key-id", "{hmac}", "--message", "hello", "--mac-algorithm", "HMAC_SHA_256", "--mac", "{Mac}"],
     {"KeyId", "MacValid", "MacAlgorithm"}),
    ("get-public-key", ["--key-id", "{agreeing}"],
     {"KeyId", "PublicKey", "CustomerMasterKeySpec", "KeySpec", "KeyUsage", "KeyAgreementAlgorithms"}),
    ("derive-shared-secret", ["--key-id", "{agreeing}", "--key-agreement-algorithm", "ECDH", "--public-key", "{PublicKey}"],
     {"KeyId", "SharedSecret", "KeyAgreementAlgorithm", "KeyOrigin"}),
    ("get-parameters-for-import", ["--key-id", "{external}", "--wrapping-algorithm", "RSAES_OAEP_SHA_256",
                                   "--wrapping-key-spec", "RSA_2048"],
     {"KeyId", "ImportToken", "PublicKey", "ParametersValidTo"}),
    ("import-key-material", ["--key-id", "{external}", "--import-token", "{ImportToken}",
                             "--encrypted-key-material", "{Material}",
                             "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"], {"KeyId", "KeyMaterialId"}),
    ("delete-imported-key-material", ["--key-id", "{external}"], {"KeyId", "KeyMaterialId"}),
    ("generate-random", ["--number-of-bytes", "24"], {"Plaintext"}),
    ("enable-key-rotation", ["--key-id", "{key}", "--rotation-period-in-days", "180"], set()),
    ("get-key-rotation-status", ["--key-id", "{key}"],
     {"KeyId", "KeyRotationEnabled", "RotationPeriodInDays", "NextRotationDate"}),
    ("disable-key-rotation", ["--key-id", "{key}"], set()),
    ("rotate-key-on-demand", ["--key-id", "{key}"], {"KeyId"}),
    ("list-key-rotations", ["--key-id", "{key}"], {"Rotations"}),
    ("describe-custom-key-stores", [], {"CustomKeyStores"}),
    ("replicate-key", ["--key-id", "{mrk}", "--replica-region", OTHER_REGION], {"ReplicaKeyMetadata", "ReplicaPolicy"}),
    ("update-primary-region", ["--key-id", "{mrk}", "--primary-region", OTHER_REGION], set()),
    ("create-grant", ["--key-id", "{key}", "--grantee-principal", "{account}", "--operations", "Encrypt", "Decrypt",
                      "--retiring-principal", "{account}"], {"GrantToken", "GrantId"}),
    ("list-grants", ["--key-id", "{key}"], {"Grants"}),
    ("list-retirable-grants", ["--retiring-principal", "{account}"], {"Grants"}),
    ("retire-grant", ["--grant-token", "{GrantToken}"], set()),
    ("create-grant", ["--key-id", "{key}", "--grantee-principal", "{account}", "--operations", "Encrypt"],
     {"GrantToken", "GrantId"}),
    ("revoke-grant", ["--key-id", "{key}", "--grant-id", "{GrantId}"], set()),
    ("get-key-last-usage", ["--key-id", "{key}"],
     {"KeyId", "KeyLastUsage", "TrackingStartDate", "KeyCreationDate"}),
    ("delete-alias", ["--alias-name", "alias/by-hand"], set()),
    ("schedule-key-deletion", ["--key-id", "{key}", "--pending-window-in-days", "7"],
     {"KeyId", "DeletionDate", "KeyState", "PendingWindowInDays"}),
    ("cancel-key-deletion", ["--key-id", "{key}"], {"KeyId"}),
]


# Operations that refuse every call, with what they say.
STORE = ["--custom-key-store-id", "cks-1234567890abcdef0"]
REFUSED = [
    ("create-custom-key-store", ["--custom-key-store-name", "mine"], "UnsupportedOperationException"),
    ("connect-custom-key-store", STORE, "CustomKeyStoreNotFoundException"),
    ("disconnect-custom-key-store", STORE, "CustomKeyStoreNotFoundException"),
    ("update-custom-key-store", STORE, "CustomKeyStoreNotFoundException"),
    ("delete-custom-key-store", STORE, "CustomKeyStoreNotFoundException"),
]


@pytest.mark.parametrize("operation, arguments, code", REFUSED, ids=[step[0] for step in REFUSED])
def test_the_aws_command_is_refused_what_is_not_there(aws, operation, arguments, code):
    assert f"An error occurred ({code})" in aws(operation, *arguments)


@pytest.fixture(scope="module")
def made(aws, tmp_path_factory):
    """What the steps of the walk share."""
    sealed = tmp_path_factory.mktemp("walk") / "sealed"
    metadata = aws("create-key", "--description", "by hand", "--tags", "TagKey=By,TagValue=hand")["KeyMetadata"]
    policy = aws("get-key-policy", "--key-id", metadata["KeyId"])["Policy"]
    mrk = aws("create-key", "--multi-region")["KeyMetadata"]["KeyId"]
    made = {"key": metadata["KeyId"], "mrk": mrk, "policy": policy, "account": f"arn:aws:iam::{ACCOUNT}:root"}
    made["external"] = aws("create-key", "--origin", "EXTERNAL")["KeyMetadata"]["KeyId"]
    for name, spec, usage in (
        ("signing", "ECC_NIST_P256", "SIGN_VERIFY"), ("agreeing", "ECC_NIST_P256", "KEY_AGREEMENT"),
        ("hmac", "HMAC_256", "GENERATE_VERIFY_MAC"),
    ):
        made[name] = aws("create-key", "--key-spec", spec, "--key-usage", usage)["KeyMetadata"]["KeyId"]
    return made | {"blob": f"fileb://{sealed}", "sealed": sealed}


@pytest.mark.parametrize("operation, arguments, members", WALK, ids=[step[0] for step in WALK])
def test_the_aws_command_runs_every_operation(aws, made, operation, arguments, members):
    filled = [made.get(argument.strip("{}"), argument) if argument.startswith("{") else argument for argument in arguments]
    answer = aws(operation, *filled)
    assert isinstance(answer, dict), answer
    assert members <= set(answer)
    # What one step answers a later one takes, as a file.
    if "ImportToken" in answer:
        wrapper = serialization.load_der_public_key(base64.b64decode(answer["PublicKey"]))
        wrapped = wrapper.encrypt(os.urandom(32), oaep("RSAES_OAEP_SHA_256"))
        answer["Material"] = base64.b64encode(wrapped)
    for name in ("Signature", "Mac", "PublicKey", "ImportToken", "Material"):
        if name in answer:
            (file := made["sealed"].with_name(name)).write_bytes(base64.b64decode(answer[name]))
            made[name] = f"fileb://{file}"
    made |= {name: answer[name] for name in ("GrantToken", "GrantId") if name in answer}
    if operation == "encrypt":
        made["sealed"].write_bytes(base64.b64decode(answer["CiphertextBlob"]))
    if operation == "decrypt":
        assert base64.b64decode(answer["Plaintext"]) == b"hello"


# The newest `aws` command knows less than the newest boto3.
UNKNOWN = {"encapsulate", "decapsulate"}


def test_the_walk_covers_every_operation_that_is_built(schemas):
    walked = {name.replace("-", "") for name, *_ in WALK} | {"createkey"}
    walked |= {name.replace("-", "") for name, *_ in REFUSED}
    assert walked == {name.lower() for name in schemas["kms"]} - UNKNOWN


@pytest.mark.parametrize("operation", sorted(UNKNOWN))
def test_what_the_aws_command_does_not_know_it_does_not_know_still(aws, operation):
    assert "invalid choice" in aws(operation, text=True).lower()


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["describe-key", "--key-id", "nonsense"],
         "An error occurred (NotFoundException) when calling the DescribeKey operation: Invalid keyId 'nonsense'"),
        (["generate-random"],
         "An error occurred (ValidationException) when calling the GenerateRandom operation: NumberOfBytes is required."),
        (["decrypt", "--ciphertext-blob", "eA=="], "An error occurred (InvalidCiphertextException) when calling the Decrypt"),
    ],
    ids=["not found", "validation", "ciphertext"],
)
def test_the_aws_command_shows_refusals(aws, arguments, complaint):
    assert complaint in aws(*arguments)


def test_files_and_queries_work_as_in_awss_examples(aws, shared_key, tmp_path):
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(b"from a file")
    blob = aws(
        "encrypt", "--key-id", shared_key["KeyId"], "--plaintext", f"fileb://{plain}", "--query", "CiphertextBlob",
        "--output", "text", text=True,
    )
    sealed.write_bytes(base64.b64decode(blob))
    opened = aws(
        "decrypt", "--ciphertext-blob", f"fileb://{sealed}", "--query", "Plaintext", "--output", "text", text=True
    )
    assert base64.b64decode(opened) == b"from a file"


def test_an_error_reaches_the_exit_code(server):
    done = subprocess.run(
        [sys.executable, str(AWS), "kms", "describe-key", "--key-id", "nonsense"], capture_output=True, text=True,
        env=clean_env(server.exports), timeout=PATIENCE,
    )
    assert done.returncode in (254, 255)
