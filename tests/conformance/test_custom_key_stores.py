"""Custom key stores: there are none, and that is said as AWS says it."""

import pytest

from harness import NO_MESSAGE, null, refused, violation

STORE = "cks-1234567890abcdef0"


def test_none_are_listed(kms):
    answer = kms.describe_custom_key_stores(Limit=10)
    assert answer["CustomKeyStores"] == [] and answer["Truncated"] is False and "NextMarker" not in answer


@pytest.mark.parametrize("members", [{"CustomKeyStoreId": STORE}, {"CustomKeyStoreName": "mine"}])
def test_none_is_found(kms, members):
    with refused("CustomKeyStoreNotFoundException", NO_MESSAGE):
        kms.describe_custom_key_stores(**members)


def test_one_is_described_by_its_id_or_its_name(kms):
    with refused("ValidationException"):
        kms.describe_custom_key_stores(CustomKeyStoreId=STORE, CustomKeyStoreName="mine")
    with refused("InvalidMarkerException"):
        kms.describe_custom_key_stores(Marker="x")


@pytest.mark.parametrize(
    "operation",
    ["connect_custom_key_store", "disconnect_custom_key_store", "update_custom_key_store", "delete_custom_key_store"],
)
def test_nothing_is_done_to_a_custom_key_store(kms, loose, operation):
    with refused("CustomKeyStoreNotFoundException", NO_MESSAGE):
        getattr(kms, operation)(CustomKeyStoreId=STORE)
    with refused("ValidationException", violation(null("customKeyStoreId"))):
        getattr(loose, operation)()


def test_none_is_made_and_no_secret_of_it_is_recorded(server, kms, loose):
    secret, password = "s" * 43, "pa55word!"
    with refused("UnsupportedOperationException", "Custom key stores are not supported.") as caught:
        kms.create_custom_key_store(
            CustomKeyStoreName="mine", CustomKeyStoreType="EXTERNAL_KEY_STORE", KeyStorePassword=password,
            XksProxyUriEndpoint="https://keys.example.net", XksProxyUriPath="/kms/xks/v1",
            XksProxyConnectivity="PUBLIC_ENDPOINT",
            XksProxyAuthenticationCredential={"AccessKeyId": "ABCDEFGHIJ234567ABCD", "RawSecretAccessKey": secret},
        )
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    record = next(record for record in reversed(server.audit()) if record.get("requestID") == request)
    assert record["requestParameters"]["customKeyStoreName"] == "mine"
    assert record["requestParameters"]["xksProxyUriPath"] == "/kms/xks/v1"
    assert secret not in str(record) and password not in str(record) and "ABCDEFGHIJ" not in str(record)
    with refused("ValidationException"):
        loose.create_custom_key_store(CustomKeyStoreName="mine", XksProxyUriEndpoint="http://keys.example.net")
    with refused("ValidationException", violation(
        "Value at 'keyStorePassword' failed to satisfy constraint: Member must have length greater than or equal to 7"
    )):
        loose.create_custom_key_store(CustomKeyStoreName="mine", KeyStorePassword="short")
