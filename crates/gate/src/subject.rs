//! Whom a decision is about.

use arn::Arn;
use identity::{Kind, Principal, Session};
use policy::{Entity, Strength};

use crate::WebIdentity;

/// Whom a decision is about: a caller, or somebody it is asked for. Anybody can make one; it proves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// Who it is.
    pub principal: &'s Principal,
    /// The session that its credentials are of, where they are temporary.
    pub session: Option<&'s Session>,
    /// What a provider said of it, where it has no role yet.
    pub web: Option<&'s WebIdentity>,
}

impl<'s> Subject<'s> {
    /// As policies know it.
    pub(crate) fn in_policies(self) -> policy::Caller<'s> {
        let principal = self.principal;
        let entity = principal.issuer.as_ref().map(|issuer| Entity {
            arn: &issuer.arn,
            id: &issuer.id,
        });
        let itself = Entity {
            arn: &principal.arn,
            id: &principal.id,
        };
        match principal.kind {
            Kind::Root | Kind::Operator => policy::Caller::Root(principal.account),
            Kind::User => policy::Caller::User(itself),
            Kind::AssumedRole => policy::Caller::Session {
                role: entity.unwrap_or(itself),
                arn: &principal.arn,
            },
            Kind::FederatedUser => policy::Caller::Federated {
                arn: &principal.arn,
                user: entity.filter(|user| *user.arn != Arn::root_of(principal.account)),
            },
            Kind::WebIdentity => policy::Caller::Provider(principal.arn.as_str()),
        }
    }
}

/// Every name that a grant may know a principal by, with how strongly it names it.
pub fn names_in_grants(principal: &Principal) -> Vec<(String, Strength)> {
    let account = principal.account.to_string();
    if principal.kind == Kind::Root {
        return vec![(account, Strength::Itself)];
    }
    let mut names = match &principal.issuer {
        None => vec![(principal.id.clone(), Strength::Itself)],
        // What is granted to a role or user holds for its sessions as far as they are not bounded.
        Some(issuer) => vec![
            (principal.known_by().to_owned(), Strength::Itself),
            (issuer.id.clone(), Strength::Role),
        ],
    };
    names.push((account, Strength::Account));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use identity::Issuer;

    fn principal(kind: Kind, arn: &str, id: &str, issuer: Option<(&str, &str)>) -> Principal {
        Principal {
            kind,
            account: "111122223333".parse().unwrap(),
            arn: arn.parse().unwrap(),
            id: id.to_owned(),
            name: None,
            issuer: issuer.map(|(arn, id)| Issuer {
                arn: arn.parse().unwrap(),
                id: id.to_owned(),
                name: None,
            }),
        }
    }

    fn names(principal: &Principal) -> Vec<(String, Strength)> {
        names_in_grants(principal)
    }

    #[test]
    fn grants_know_a_root_user_by_its_account_alone() {
        let root = Principal::root("111122223333".parse().unwrap());
        assert_eq!(names(&root), [("111122223333".to_owned(), Strength::Itself)]);
    }

    #[test]
    fn grants_know_a_user_by_its_id_and_its_account() {
        let user = principal(Kind::User, "arn:aws:iam::111122223333:user/ada", "AIDAX", None);
        let account = ("111122223333".to_owned(), Strength::Account);
        assert_eq!(names(&user), [("AIDAX".to_owned(), Strength::Itself), account]);
    }

    #[test]
    fn grants_know_a_session_by_itself_and_by_what_it_is_of() {
        let role = Some(("arn:aws:iam::111122223333:role/R", "AROAX"));
        let arn = "arn:aws:sts::111122223333:assumed-role/R/s";
        let session = principal(Kind::AssumedRole, arn, "AROAX:s", role);
        let account = ("111122223333".to_owned(), Strength::Account);
        let expected = [
            ("AROAX:s".to_owned(), Strength::Itself),
            ("AROAX".to_owned(), Strength::Role),
            account.clone(),
        ];
        assert_eq!(names(&session), expected);
        let user = Some(("arn:aws:iam::111122223333:user/ada", "AIDAX"));
        let arn = "arn:aws:sts::111122223333:federated-user/bob";
        let federated = principal(Kind::FederatedUser, arn, "111122223333:bob", user);
        let expected = [
            (arn.to_owned(), Strength::Itself),
            ("AIDAX".to_owned(), Strength::Role),
            account,
        ];
        assert_eq!(names(&federated), expected);
    }
}
