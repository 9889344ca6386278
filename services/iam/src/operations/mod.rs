//! One file for each operation.

mod create_access_key;
mod create_user;
mod delete_access_key;
mod delete_user;
mod delete_user_policy;
mod get_user;
mod get_user_policy;
mod list_access_keys;
mod list_user_policies;
mod list_users;
mod put_user_policy;
mod update_access_key;
mod update_user;

use engine::AnyOperation;

/// Every operation, one line each.
pub static OPERATIONS: &[&dyn AnyOperation] = &[
    &create_access_key::CreateAccessKey,
    &create_user::CreateUser,
    &delete_access_key::DeleteAccessKey,
    &delete_user::DeleteUser,
    &delete_user_policy::DeleteUserPolicy,
    &get_user::GetUser,
    &get_user_policy::GetUserPolicy,
    &list_access_keys::ListAccessKeys,
    &list_user_policies::ListUserPolicies,
    &list_users::ListUsers,
    &put_user_policy::PutUserPolicy,
    &update_access_key::UpdateAccessKey,
    &update_user::UpdateUser,
];
