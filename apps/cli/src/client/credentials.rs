//! The access key of a data directory, in the AWS credentials file format.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".

use std::path::Path;

use secret::{SecretBuffer, SecretString};
use server::PROFILE;

use super::error::ClientError;

/// What requests are signed with.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// The access key's id.
    pub(crate) access_key_id: String,
    /// Its secret.
    pub(crate) secret_access_key: SecretString,
}

impl Credentials {
    pub(super) fn read(path: &Path) -> Result<Credentials, ClientError> {
        let no_credentials = |why: String| ClientError::NoCredentials {
            path: path.to_owned(),
            why,
        };
        let bytes = std::fs::read(path).map_err(|cause| no_credentials(cause.to_string()))?;
        let bytes = SecretBuffer::from_vec(bytes);
        let text =
            std::str::from_utf8(bytes.expose()).map_err(|_| no_credentials("it is not text".to_owned()))?;
        Credentials::parse(text)
            .ok_or_else(|| no_credentials(format!("it has no access key under [{PROFILE}]")))
    }

    fn parse(text: &str) -> Option<Credentials> {
        let header = format!("[{PROFILE}]");
        let section = || {
            text.lines()
                .map(str::trim)
                .skip_while(|line| *line != header)
                .skip(1)
                .take_while(|line| !line.starts_with('['))
        };
        let value = |name: &str| {
            section()
                .filter_map(|line| line.split_once('='))
                .find(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim())
                .filter(|value| !value.is_empty())
        };
        Some(Credentials {
            access_key_id: value("aws_access_key_id")?.to_owned(),
            secret_access_key: SecretString::new(value("aws_secret_access_key")?.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_profile_counts() {
        let text = "[other]\naws_access_key_id = A\naws_secret_access_key = a\n\
                    [keystead]\n aws_access_key_id=B \n# a comment\naws_secret_access_key = b=c/d+\n\
                    [more]\naws_access_key_id = C\n";
        let found = Credentials::parse(text).unwrap();
        assert_eq!(found.access_key_id, "B");
        assert_eq!(found.secret_access_key.expose(), "b=c/d+");
    }

    #[test]
    fn half_an_access_key_is_none() {
        for text in [
            "",
            "[keystead]",
            "[keystead]\naws_access_key_id = B\naws_secret_access_key =\n",
            "[keystead]\naws_access_key_id = B\n[other]\naws_secret_access_key = x\n",
        ] {
            assert!(Credentials::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_file_without_a_key_is_named() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("credentials");
        assert!(Credentials::read(&path).is_err());
        std::fs::write(&path, "[default]\n").unwrap();
        let error = Credentials::read(&path).unwrap_err().to_string();
        assert!(error.contains(&*path.to_string_lossy()), "{error}");
        assert!(error.contains("no access key under [keystead]"), "{error}");
    }
}
