//! New credentials for an account or the operator, on the data directory of a server that is stopped.

use arn::AccountId;
use identity::{NewAccessKey, Owner};

use crate::boundary::{Foundation, Installation};
use crate::config::Config;
use crate::directory::DataDirectory;
use crate::metrics::Recorder;
use crate::profile::{self, Profile};
use crate::start::{StartError, Surroundings, terms};

/// Whose credentials are recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The root user's of the account that `local/credentials` is for.
    FirstAccount,
    /// The root user's of this account.
    Account(AccountId),
    /// The operator's.
    Operator,
}

/// New credentials. Those of before are gone.
#[derive(Debug)]
pub struct Recovered {
    /// The account that they are for.
    pub account: AccountId,
    /// The access key.
    pub key: NewAccessKey,
    /// Whether they are in the data directory, as those of before were.
    pub is_kept: bool,
}

/// Makes them. The root key, which has to be there, is what shows that this may be done; the audit log tells of it.
pub(crate) async fn credentials<F: Foundation>(
    config: &Config,
    whose: Whose,
    foundation: F,
    surroundings: &Surroundings,
) -> Result<Recovered, StartError> {
    // What never was a data directory is not made one.
    Profile::read(&config.data_dir)?;
    let directory = DataDirectory::open(&config.data_dir)?;
    let terms = terms(&directory, &Recorder::new(), config, surroundings)?;
    let installation = foundation.open(terms).await?;
    let recovered = renew(&directory, whose, &installation, surroundings).await;
    installation.close().await;
    recovered
}

async fn renew<I: Installation>(
    directory: &DataDirectory,
    whose: Whose,
    installation: &I,
    surroundings: &Surroundings,
) -> Result<Recovered, StartError> {
    let accounts = installation.accounts()?;
    let owner = match whose {
        Whose::Operator => installation.operator()?.map(Owner::Operator),
        Whose::FirstAccount => installation.first_account()?.map(Owner::Root),
        Whose::Account(account) => accounts.contains(&account).then_some(Owner::Root(account)),
    };
    let owner = owner.ok_or(StartError::NoAccount)?;
    let key = NewAccessKey::draw(&*surroundings.entropy)?;
    installation.renew_credentials(&owner, &key).await?;
    let file = match whose {
        Whose::Operator => Some(directory.operator_credentials()),
        Whose::FirstAccount => Some(directory.credentials()),
        Whose::Account(_) => None,
    };
    if let Some(file) = &file {
        profile::write_credentials(file, &key)?;
    }
    Ok(Recovered {
        account: owner.account(),
        key,
        is_kept: file.is_some(),
    })
}
