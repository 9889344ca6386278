//! Entities that hold policies: users and groups. What is done with their policies is the same for all of them.

use arn::{AccountId, Arn};
use engine::{ConditionKey, Demand, Described, Found, Resource, Targets, View, World};
use identity::{Groups, InlinePolicy, Policies, Roles, Tag, UniqueId, Users};
use store::{Held, Table};

use crate::paging::{Marker, MaxItems, Page, Paging};
use crate::wire::{AttachedPolicy, DocumentText, PolicyArn, PolicyName};
use crate::{IamError, documents, limits, policies, tags, users};

/// A table of entities that hold policies.
pub trait Holders: Table<Key = UniqueId, Record: Clone> {
    /// What AWS calls one: `user`.
    const KIND: &'static str;
    /// Characters of all inline policies of one together, white space not counted.
    const INLINE_QUOTA: usize;

    /// The one of a name, without regard to case.
    fn named(name: &str, view: &View) -> Result<Option<Held<Self::Record>>, IamError>;

    /// Its unique id.
    fn id(one: &Self::Record) -> UniqueId;

    /// Its name.
    fn name(one: &Self::Record) -> &str;

    /// Its ARN.
    fn arn(one: &Self::Record, account: AccountId) -> Option<Arn>;

    /// Its tags.
    fn tags(one: &Self::Record) -> &[Tag];

    /// The managed policy that bounds its permissions.
    fn boundary(one: &Self::Record) -> Option<&str>;

    /// Its policies.
    fn policies(one: &Self::Record) -> &Policies;

    /// Its policies, to be changed.
    fn policies_mut(one: &mut Self::Record) -> &mut Policies;
}

macro_rules! holders {
    ($($table:ty, $kind:literal, $quota:expr, $named:path, $tags:expr, $boundary:expr;)*) => {$(
        impl Holders for $table {
            const KIND: &'static str = $kind;
            const INLINE_QUOTA: usize = $quota;

            fn named(name: &str, view: &View) -> Result<Option<Held<Self::Record>>, IamError> {
                Ok($named(name, view.domain(), view.store())?)
            }

            fn id(one: &Self::Record) -> UniqueId {
                one.id()
            }

            fn name(one: &Self::Record) -> &str {
                &one.name
            }

            fn arn(one: &Self::Record, account: AccountId) -> Option<Arn> {
                one.arn(account)
            }

            fn tags(one: &Self::Record) -> &[Tag] {
                let tags: fn(&Self::Record) -> &[Tag] = $tags;
                tags(one)
            }

            fn boundary(one: &Self::Record) -> Option<&str> {
                let boundary: fn(&Self::Record) -> Option<&str> = $boundary;
                boundary(one)
            }

            fn policies(one: &Self::Record) -> &Policies {
                &one.policies
            }

            fn policies_mut(one: &mut Self::Record) -> &mut Policies {
                &mut one.policies
            }
        }
    )*};
}

holders! {
    Users, "user", limits::INLINE_POLICIES_OF_USER, identity::user_named, |user| &user.tags, |user| user.boundary.as_deref();
    Roles, "role", limits::INLINE_POLICIES_OF_ROLE, identity::role_named, |role| &role.tags, |role| role.boundary.as_deref();
    Groups, "group", limits::INLINE_POLICIES_OF_GROUP, identity::group_named, |_| &[], |_| None;
}

/// The entity that a call is about.
#[derive(Debug)]
pub struct Target<H: Holders> {
    /// The account.
    pub account: AccountId,
    /// Its ARN; of nobody, the one that an entity of that name would have.
    pub arn: Arn,
    /// It, or the name that nobody has: told once the caller is known to be allowed to ask.
    found: Result<Held<H::Record>, String>,
}

impl<H: Holders> Targets for Target<H> {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        Some(self)
    }
}

impl<H: Holders> Described for Target<H> {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        let held = self.found.as_ref().ok()?;
        match key.as_str() {
            "iam:permissionsboundary" => Some(H::boundary(held).map_or(Found::Absent, Found::text)),
            _ => tags::condition_of_resource(H::tags(held), key),
        }
    }
}

impl<H: Holders> Target<H> {
    /// The entity of this name.
    pub fn named(name: &str, view: &View) -> Result<Target<H>, IamError> {
        let account = view.place().account;
        match H::named(name, view)? {
            Some(held) => Target::of(held, account),
            None => Target::nobody(name, account),
        }
    }

    /// The entity of this ARN, in the caller's account.
    pub fn of_arn(arn: Arn, view: &View) -> Result<Target<H>, IamError> {
        let account = view.place().account;
        let name = arn.resource().rsplit('/').next().unwrap_or_default().to_owned();
        let named = H::named(&name, view)?;
        let found = named.filter(|held| H::arn(held, account).as_ref() == Some(&arn));
        Ok(Target {
            account,
            arn,
            found: found.ok_or(name),
        })
    }

    /// One that was found.
    pub fn of(held: Held<H::Record>, account: AccountId) -> Result<Target<H>, IamError> {
        Ok(Target {
            account,
            arn: H::arn(&held, account).ok_or_else(|| IamError::damaged(H::NAME))?,
            found: Ok(held),
        })
    }

    /// Nobody, who would have this name.
    pub fn nobody(name: &str, account: AccountId) -> Result<Target<H>, IamError> {
        Ok(Target {
            account,
            arn: arn_of(account, H::KIND, "/", name)?,
            found: Err(name.to_owned()),
        })
    }

    /// The entity.
    pub fn held(&self) -> Result<&Held<H::Record>, IamError> {
        self.found
            .as_ref()
            .map_err(|name| IamError::no_entity(H::KIND, name))
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        users::demand_on(action, self.arn.clone(), self.account)
    }

    /// Writes it anew, changed.
    pub fn change(
        &self,
        world: &mut World<'_>,
        change: impl FnOnce(&mut H::Record) -> Result<(), IamError>,
    ) -> Result<(), IamError> {
        let mut record = self.held()?.record().as_ref().clone();
        change(&mut record)?;
        let domain = world.view().domain();
        world.change().put::<H>(domain, H::id(&record), record);
        Ok(())
    }

    /// Gives it an inline policy, over the one of that name if there is one.
    pub fn put_inline(
        &self,
        world: &mut World<'_>,
        PolicyName(name): &PolicyName,
        DocumentText(document): &DocumentText,
    ) -> Result<(), IamError> {
        self.change(world, |record| {
            H::policies_mut(record).set_inline(name, document);
            Ok(())
        })
    }

    /// Refuses a document that is no policy, or too long beside the other inline policies.
    pub fn check_inline(
        &self,
        PolicyName(name): &PolicyName,
        document: &DocumentText,
    ) -> Result<(), IamError> {
        let held = self.held()?;
        documents::check_inline(document)?;
        let is_other = |policy: &&InlinePolicy| !policy.name.eq_ignore_ascii_case(name);
        let others = H::policies(held).inline.iter().filter(is_other);
        let all: usize = others
            .map(|policy| documents::length(policy.document.text()))
            .sum();
        match all + documents::length(&document.0) <= H::INLINE_QUOTA {
            true => Ok(()),
            false => Err(IamError::PolicySize(
                H::KIND,
                H::name(held).to_owned(),
                H::INLINE_QUOTA,
            )),
        }
    }

    /// Its inline policy of a name.
    pub fn inline(&self, PolicyName(name): &PolicyName) -> Result<&InlinePolicy, IamError> {
        let found = H::policies(self.held()?).inline(name);
        found.ok_or_else(|| IamError::no_inline(H::KIND, name))
    }

    /// Takes an inline policy from it.
    pub fn remove_inline(
        &self,
        world: &mut World<'_>,
        PolicyName(name): &PolicyName,
    ) -> Result<(), IamError> {
        self.change(world, |record| {
            match H::policies_mut(record).remove_inline(name) {
                true => Ok(()),
                false => Err(IamError::no_inline(H::KIND, name)),
            }
        })
    }

    /// The names of its inline policies, page by page.
    pub fn inline_names(
        &self,
        view: &View,
        operation: &'static str,
        max_items: Option<MaxItems>,
        marker: Option<&Marker>,
    ) -> Result<Page<PolicyName>, IamError> {
        let held = self.held()?;
        let id = H::id(held);
        let bound_to = [id.as_str().as_bytes()];
        let paging = Paging::of(view, operation, &bound_to, max_items, marker)?;
        let is_due = |name: &&str| paging.after().is_none_or(|after| name.as_bytes() > after);
        let names = H::policies(held).inline.iter().map(|policy| policy.name.as_str());
        let names: Vec<&str> = names.filter(is_due).take(paging.enough()).collect();
        let page = paging.cut(names, |name| name.as_bytes().to_vec())?;
        Ok(page.map(|name| PolicyName(name.to_owned())))
    }

    /// Refuses one managed policy too many.
    pub fn check_attached(&self, arn: &PolicyArn) -> Result<(), IamError> {
        let attached = &H::policies(self.held()?).attached;
        let most = limits::ATTACHED_POLICIES;
        match attached.contains(&arn.0) || attached.len() < most {
            true => Ok(()),
            false => Err(IamError::LimitExceeded(
                match H::KIND {
                    "group" => "PoliciesPerGroup",
                    "role" => "PoliciesPerRole",
                    _ => "PoliciesPerUser",
                },
                most,
            )),
        }
    }

    /// Attaches a managed policy; to do it again changes nothing.
    pub fn attach(&self, world: &mut World<'_>, PolicyArn(arn): &PolicyArn) -> Result<(), IamError> {
        if H::policies(self.held()?).attached.contains(arn) {
            return Ok(());
        }
        self.change(world, |record| {
            H::policies_mut(record).attached.push(arn.clone());
            Ok(())
        })
    }

    /// Detaches a managed policy.
    pub fn detach(&self, world: &mut World<'_>, PolicyArn(arn): &PolicyArn) -> Result<(), IamError> {
        if !H::policies(self.held()?).attached.contains(arn) {
            return Err(IamError::NoSuchEntity(format!("Policy {arn} was not found.")));
        }
        self.change(world, |record| {
            H::policies_mut(record).attached.retain(|other| other != arn);
            Ok(())
        })
    }

    /// Its tags, page by page, in the order in which they were set.
    pub fn tags(
        &self,
        view: &View,
        operation: &'static str,
        max_items: Option<MaxItems>,
        marker: Option<&Marker>,
    ) -> Result<Page<crate::wire::Tag>, IamError> {
        let held = self.held()?;
        let id = H::id(held);
        let bound_to = [id.as_str().as_bytes()];
        let paging = Paging::of(view, operation, &bound_to, max_items, marker)?;
        tags::page(&paging, H::tags(held))
    }

    /// Its managed policies, page by page, in the order in which they were attached.
    pub fn attached(
        &self,
        view: &View,
        operation: &'static str,
        prefix: &str,
        max_items: Option<MaxItems>,
        marker: Option<&Marker>,
    ) -> Result<Page<AttachedPolicy>, IamError> {
        let held = self.held()?;
        let id = H::id(held);
        let bound_to = [id.as_str().as_bytes(), prefix.as_bytes()];
        let paging = Paging::of(view, operation, &bound_to, max_items, marker)?;
        let all = H::policies(held).attached.iter();
        let of_path = all.filter(|arn| policies::path_of(arn).is_some_and(|path| path.starts_with(prefix)));
        let due: Vec<&String> = match paging.after() {
            None => of_path.take(paging.enough()).collect(),
            Some(after) => of_path
                .skip_while(|arn| arn.as_bytes() != after)
                .skip(1)
                .take(paging.enough())
                .collect(),
        };
        let page = paging.cut(due, |arn| arn.as_bytes().to_vec())?;
        Ok(page.map(|arn| AttachedPolicy {
            policy_name: arn.rsplit('/').next().map(|name| PolicyName(name.to_owned())),
            policy_arn: Some(PolicyArn(arn.clone())),
        }))
    }
}

/// The ARN that an entity of this kind, path and name has.
pub fn arn_of(account: AccountId, kind: &str, path: &str, name: &str) -> Result<Arn, IamError> {
    let text = format!("arn:aws:iam::{account}:{kind}{path}{name}");
    text.parse().map_err(|_| IamError::damaged("entities"))
}
