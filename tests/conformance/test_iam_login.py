"""Login profiles, passwords, and what an account asks of them."""

import json
import re

import pytest

from harness import ACCOUNT, Server, refused
from test_iam_users import allow, as_user, user as plain_user  # noqa: F401

VIOLATION = "Password does not conform to the account password policy."
FIRST, SECOND, THIRD = "Correct-Horse-1", "Battery-Staple-2", "Another-Password-3"
UNIQUE = "Kept-From-The-Log-4"


@pytest.fixture(scope="module")
def iam(server):
    server.secrets |= {word.encode() for word in (FIRST, SECOND, THIRD, UNIQUE)}
    return server.client("iam")


@pytest.fixture(scope="module")
def loose(server):
    return server.client("iam", parameter_validation=False, retries={"total_max_attempts": 1})


@pytest.fixture
def user(iam, plain_user):  # noqa: F811
    yield plain_user
    try:
        iam.delete_login_profile(UserName=plain_user)
    except iam.exceptions.NoSuchEntityException:
        pass


@pytest.fixture
def ada(server, iam, user):
    """IAM as a user calls it who may change their own password, and has one."""
    iam.create_login_profile(UserName=user, Password=FIRST)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("iam:ChangePassword"))
    return as_user(server, iam, user, "iam")


@pytest.fixture
def rules(iam):
    """Sets a password policy for the time of a test."""
    yield lambda **members: iam.update_account_password_policy(**members)
    try:
        iam.delete_account_password_policy()
    except iam.exceptions.NoSuchEntityException:
        pass


def absent(name):
    return f"Login Profile for User {name} cannot be found."


# Login profiles


def test_a_login_profile_is_made_found_changed_and_deleted(iam, user):
    made = iam.create_login_profile(UserName=user, Password=FIRST, PasswordResetRequired=True)["LoginProfile"]
    assert (made["UserName"], made["PasswordResetRequired"]) == (user, True)
    assert iam.get_login_profile(UserName=user)["LoginProfile"] == made
    with refused("EntityAlreadyExists", f"Login Profile for user {user} already exists.", 409):
        iam.create_login_profile(UserName=user, Password=SECOND)
    iam.update_login_profile(UserName=user, Password=SECOND, PasswordResetRequired=False)
    assert iam.get_login_profile(UserName=user)["LoginProfile"] == made | {"PasswordResetRequired": False}
    iam.update_login_profile(UserName=user)
    with refused("DeleteConflict", "Cannot delete entity, must delete login profile first.", 409):
        iam.delete_user(UserName=user)
    iam.delete_login_profile(UserName=user)
    for call in (iam.get_login_profile, iam.delete_login_profile, iam.update_login_profile):
        with refused("NoSuchEntity", absent(user), 404):
            call(UserName=user)


def test_a_renamed_user_keeps_the_password(server, iam, user):
    iam.create_login_profile(UserName=user, Password=FIRST)
    other = f"{user}-renamed"
    iam.update_user(UserName=user, NewUserName=other)
    assert iam.get_login_profile(UserName=other)["LoginProfile"]["UserName"] == other
    iam.update_user(UserName=other, NewUserName=user)


def test_nobody_has_no_profile(iam):
    message = "The user with name nobody cannot be found."
    for call in (
        lambda: iam.create_login_profile(UserName="nobody", Password=FIRST),
        lambda: iam.get_login_profile(UserName="nobody"),
        lambda: iam.update_login_profile(UserName="nobody", Password=FIRST),
        lambda: iam.delete_login_profile(UserName="nobody"),
    ):
        with refused("NoSuchEntity", message, 404):
            call()


def test_what_breaks_the_model_is_refused_and_not_told_back(loose, iam, user):
    for password in ("", "x" * 129, "Abcdef1-\u0100"):
        with refused("ValidationError") as caught:
            loose.create_login_profile(UserName=user, Password=password)
        assert "Abcdef1" not in str(caught.value) and "xxxx" not in str(caught.value)
    with refused("ValidationError"):
        iam.create_login_profile(UserName=user)
    with refused("ValidationError"):
        loose.change_password(OldPassword="x")


def test_a_user_without_policies_manages_no_profile(server, iam, user):
    own = as_user(server, iam, user, "iam")
    for call in (
        lambda: own.create_login_profile(UserName=user, Password=FIRST),
        own.get_login_profile,
        lambda: own.update_login_profile(UserName=user, Password=FIRST),
        own.delete_login_profile,
        lambda: own.change_password(OldPassword=FIRST, NewPassword=SECOND),
    ):
        with refused("AccessDenied", re.compile(".*because no identity-based policy allows the iam:.* action"), 403):
            call()


# Changing one's own


def test_a_user_changes_their_own_password(iam, ada, user):
    iam.update_login_profile(UserName=user, PasswordResetRequired=True)
    ada.change_password(OldPassword=FIRST, NewPassword=SECOND)
    assert iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"] is False
    with refused("AccessDenied", status=403):
        ada.change_password(OldPassword=FIRST, NewPassword=THIRD)
    ada.change_password(OldPassword=SECOND, NewPassword=FIRST)


def test_a_user_without_a_password_has_none_to_change(iam, ada, user):
    iam.delete_login_profile(UserName=user)
    with refused("NoSuchEntity", absent(user), 404):
        ada.change_password(OldPassword=FIRST, NewPassword=SECOND)


def test_the_root_user_has_no_password_to_change(iam):
    with refused("InvalidUserType", "Only IAM Users can change their own password"):
        iam.change_password(OldPassword=FIRST, NewPassword=SECOND)


def test_too_many_wrong_passwords_bring_a_pause(iam, ada, user):
    for _ in range(5):
        with refused("AccessDenied", status=403):
            ada.change_password(OldPassword=THIRD, NewPassword=SECOND)
    with refused("EntityTemporarilyUnmodifiable", status=409):
        ada.change_password(OldPassword=FIRST, NewPassword=SECOND)
    # Whoever may set it anew ends the pause.
    iam.update_login_profile(UserName=user, Password=SECOND)
    ada.change_password(OldPassword=SECOND, NewPassword=THIRD)


def test_a_pause_outlasts_a_restart(tmp_path):
    with Server(tmp_path / "data", "--account-id", ACCOUNT) as server:
        iam = server.client("iam")
        iam.create_user(UserName="ada")
        iam.create_login_profile(UserName="ada", Password=FIRST)
        iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=allow("iam:ChangePassword"))
        key = iam.create_access_key(UserName="ada")["AccessKey"]
        own = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
        for _ in range(5):
            with refused("AccessDenied", status=403):
                server.client("iam", **own).change_password(OldPassword=THIRD, NewPassword=SECOND)
        server.kill()
        server.start()
        with refused("EntityTemporarilyUnmodifiable", status=409):
            server.client("iam", **own).change_password(OldPassword=FIRST, NewPassword=SECOND)


# What passwords have to be


@pytest.mark.parametrize("password", ["Abcde1-", "abcdefgh", "Abcdefgh", "abcdefg1", "ABCDEFG1", ACCOUNT])
def test_passwords_have_to_be_what_is_usual(iam, user, password):
    with refused("PasswordPolicyViolation", VIOLATION):
        iam.create_login_profile(UserName=user, Password=password)
    iam.create_login_profile(UserName=user, Password="abcdefg1-")
    with refused("PasswordPolicyViolation", VIOLATION):
        iam.update_login_profile(UserName=user, Password=password)


def test_the_password_policy_of_an_account(iam, rules, loose):
    missing = f"The Password Policy with domain name {ACCOUNT} cannot be found."
    with refused("NoSuchEntity", missing, 404):
        iam.get_account_password_policy()
    with refused("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.", 404):
        iam.delete_account_password_policy()
    rules()
    usual = {
        "MinimumPasswordLength": 6, "RequireSymbols": False, "RequireNumbers": False, "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False, "AllowUsersToChangePassword": False, "ExpirePasswords": False,
    }
    assert iam.get_account_password_policy()["PasswordPolicy"] == usual
    given = {
        "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "MaxPasswordAge": 90,
        "PasswordReusePrevention": 24, "HardExpiry": True,
    }
    rules(**given)
    assert iam.get_account_password_policy()["PasswordPolicy"] == given | {"ExpirePasswords": True}
    # What is left out goes back to what is usual.
    rules(RequireNumbers=True)
    assert iam.get_account_password_policy()["PasswordPolicy"] == usual | {"RequireNumbers": True}
    for wrong in (
        {"MinimumPasswordLength": 5}, {"MinimumPasswordLength": 129}, {"MaxPasswordAge": 0}, {"MaxPasswordAge": 1096},
        {"PasswordReusePrevention": 0}, {"PasswordReusePrevention": 25},
    ):
        with refused("ValidationError"):
            loose.update_account_password_policy(**wrong)


@pytest.mark.parametrize(
    "rule, bad, good",
    [
        ({"MinimumPasswordLength": 10}, "aaaaaaaaa", "aaaaaaaaaa"), ({"RequireSymbols": True}, "aaaaaa", "aaaaa|"),
        ({"RequireNumbers": True}, "aaaaaa", "aaaaa1"), ({"RequireUppercaseCharacters": True}, "aaaaa1", "aaaaaA"),
        ({"RequireLowercaseCharacters": True}, "AAAAA1", "AAAAAa"),
    ],
)
def test_passwords_have_to_be_what_is_set(iam, user, rules, rule, bad, good):
    rules(**rule)
    with refused("PasswordPolicyViolation", VIOLATION):
        iam.create_login_profile(UserName=user, Password=bad)
    iam.create_login_profile(UserName=user, Password=good)


def test_the_last_passwords_may_not_be_used_again(ada, rules):
    rules(PasswordReusePrevention=2)
    with refused("PasswordPolicyViolation"):
        ada.change_password(OldPassword=FIRST, NewPassword=FIRST)
    ada.change_password(OldPassword=FIRST, NewPassword=SECOND)
    with refused("PasswordPolicyViolation"):
        ada.change_password(OldPassword=SECOND, NewPassword=FIRST)
    ada.change_password(OldPassword=SECOND, NewPassword=THIRD)
    ada.change_password(OldPassword=THIRD, NewPassword=FIRST)


def test_an_account_may_let_all_users_change_their_own(server, iam, user, rules):
    iam.create_login_profile(UserName=user, Password=FIRST)
    own = as_user(server, iam, user, "iam")
    rules(AllowUsersToChangePassword=True)
    assert own.get_account_password_policy()["PasswordPolicy"]["AllowUsersToChangePassword"] is True
    own.change_password(OldPassword=FIRST, NewPassword=SECOND)
    for call in (own.delete_account_password_policy, lambda: own.update_login_profile(UserName=user, Password=FIRST)):
        with refused("AccessDenied", status=403):
            call()
    # Their policies may still deny it.
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("iam:ChangePassword", effect="Deny"))
    with refused("AccessDenied", status=403):
        own.change_password(OldPassword=SECOND, NewPassword=FIRST)
    iam.delete_user_policy(UserName=user, PolicyName="p")
    rules(AllowUsersToChangePassword=False)
    with refused("AccessDenied", status=403):
        own.change_password(OldPassword=SECOND, NewPassword=FIRST)
    with refused("AccessDenied", status=403):
        own.get_account_password_policy()


def test_passwords_are_not_recorded(server, iam, user):
    iam.create_login_profile(UserName=user, Password=UNIQUE)
    with refused("PasswordPolicyViolation", VIOLATION):
        iam.update_login_profile(UserName=user, Password="short-5")
    about = [json.dumps(record) for record in server.audit() if user in json.dumps(record)]
    assert [record for record in about if "CreateLoginProfile" in record]
    assert not [record for record in about if UNIQUE in record or "short-5" in record]
