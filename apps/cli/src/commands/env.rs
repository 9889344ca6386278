//! `keystead env`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use server::config::DEFAULT_DATA_DIRECTORY;
use server::{PROFILE, Profile, shell};

use super::Failed;

/// The variables that clients read; all but the bundle are always set.
///
/// Source: AWS SDKs and Tools Reference Guide, "Environment variables support".
const VARIABLES: [&str; 6] = [
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_PROFILE",
    "AWS_REGION",
];

/// A variable of the caller's that wins over the profile in every client.
const OVERRIDING: &str = "AWS_ACCESS_KEY_ID";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server's data directory
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIRECTORY)]
    data_dir: PathBuf,
    /// Takes everything back that `env` sets
    #[arg(long)]
    unset: bool,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        let text = if self.unset {
            VARIABLES.map(|name| format!("unset {name}\n")).concat()
        } else {
            let data = std::path::absolute(&self.data_dir)?;
            let profile = Profile::read(&data)?;
            if std::env::var_os(OVERRIDING).is_some() {
                super::super::complain(&format!(
                    "{OVERRIDING} is set, and clients will use it instead of the profile {PROFILE}: unset it"
                ));
            }
            exports(&data, &profile)
        };
        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(())
    }
}

/// The lines that `eval` reads, one export each.
fn exports(data: &Path, profile: &Profile) -> String {
    let local = |name: &str| data.join("local").join(name).display().to_string();
    let values = [
        Some(profile.endpoint.clone()),
        profile.ca_bundle.as_ref().map(|_| local("ca.pem")),
        Some(local("credentials")),
        Some(local("config")),
        Some(PROFILE.to_owned()),
        Some(profile.region.clone()),
    ];
    let lines = VARIABLES.iter().zip(values).filter_map(|(name, value)| {
        let value = shell::quoted(&value?);
        Some(format!("export {name}={value}\n"))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(ca_bundle: Option<&str>) -> Profile {
        Profile {
            endpoint: "https://127.0.0.1:7400".to_owned(),
            region: "us-east-1".to_owned(),
            ca_bundle: ca_bundle.map(str::to_owned),
        }
    }

    #[test]
    fn each_variable_is_one_export_and_quoted_where_needed() {
        assert_eq!(
            exports(Path::new("/srv/our keys"), &profile(Some("/old/place/ca.pem"))),
            "export AWS_ENDPOINT_URL=https://127.0.0.1:7400\n\
             export AWS_CA_BUNDLE='/srv/our keys/local/ca.pem'\n\
             export AWS_SHARED_CREDENTIALS_FILE='/srv/our keys/local/credentials'\n\
             export AWS_CONFIG_FILE='/srv/our keys/local/config'\n\
             export AWS_PROFILE=keystead\n\
             export AWS_REGION=us-east-1\n"
        );
    }

    #[test]
    fn without_an_authority_of_our_own_clients_keep_their_trust() {
        assert!(!exports(Path::new("/d"), &profile(None)).contains("AWS_CA_BUNDLE"));
    }
}
