//! What an account has set for itself.

use std::sync::Arc;

use arn::Arn;
use engine::{Authority, Demand, View, World};
use identity::{AccountSettings, AllAccountSettings, Kind, Only};
use policy::Policy;

use crate::IamError;
use crate::users::demand_on;

/// What the caller's account has set.
pub fn settings(view: &View) -> Result<AccountSettings, IamError> {
    let held = identity::settings_of(view.domain(), view.store())?;
    Ok(held.map_or_else(AccountSettings::default, |held| held.record().as_ref().clone()))
}

/// Keeps what the account has set.
pub fn keep(world: &mut World<'_>, settings: AccountSettings) {
    let domain = world.view().domain();
    world.change().put::<AllAccountSettings>(domain, Only, settings);
}

/// The demand of a user to do `action` for their own password. An account may let all users do so, which is as if the
/// resource allowed them by name: their own policies need not, and may deny.
pub fn demand_of_own_password(action: &'static str, resource: Arn, view: &View) -> Demand {
    let mut demand = demand_on(action, resource, view.place().account);
    if let Some(policy) = lets_users(action, view) {
        demand.authority = Authority::Resource(Arc::new(policy.compile()));
    }
    demand
}

/// What cannot be read lets nobody.
fn lets_users(action: &str, view: &View) -> Option<Policy> {
    let caller = view.caller()?.principal();
    let rules = settings(view).ok()?.password_policy?;
    if caller.kind != Kind::User || !rules.users_may_change {
        return None;
    }
    let id = &caller.id;
    let text = format!(
        r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{id}"}},"Action":"{action}","Resource":"*"}}}}"#
    );
    Policy::parse(&text, policy::Kind::Key).ok()
}
