//! `local/credentials` and `local/config`, in AWS's file formats, with the one profile `keystead`.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".

use std::path::Path;

use arn::Region;
use identity::NewAccessKey;
use secret::SecretBuffer;

use crate::directory::{DataDirectory, DirectoryError};
use crate::files::{self, FileError};

/// The name of the profile.
pub const PROFILE: &str = "keystead";

/// How clients on this machine reach the server and whom they trust, as the last start wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The URL of the main port.
    pub endpoint: String,
    /// The default Region.
    pub region: String,
    /// The certificate to trust: `None` without TLS, and with a certificate that the operator gave.
    pub ca_bundle: Option<String>,
}

/// Writes an access key. Durable when it returns.
pub(crate) fn write_credentials(path: &Path, key: &NewAccessKey) -> Result<(), FileError> {
    let mut text = SecretBuffer::with_capacity(256);
    for part in [
        "[",
        PROFILE,
        "]\naws_access_key_id = ",
        key.id.as_str(),
        "\naws_secret_access_key = ",
        key.secret.expose(),
        "\n",
    ] {
        text.extend(part.as_bytes());
    }
    files::write_atomically(path, files::SECRET, text.expose())
}

impl Profile {
    pub(crate) fn new(endpoint: String, region: &Region, ca_bundle: Option<&Path>) -> Profile {
        Profile {
            endpoint,
            region: region.to_string(),
            ca_bundle: ca_bundle.map(|path| path.display().to_string()),
        }
    }

    /// Writes the profile down. Durable when it returns.
    pub(crate) fn write(&self, directory: &DataDirectory) -> Result<(), FileError> {
        let mut text = format!(
            "# written by keystead at each start\n[profile {PROFILE}]\nregion = {}\nendpoint_url = {}\n",
            self.region, self.endpoint
        );
        if let Some(bundle) = &self.ca_bundle {
            text += &format!("ca_bundle = {bundle}\n");
        }
        files::write_if_changed(&directory.config(), files::SECRET, text.as_bytes())
    }

    /// Reads what the last start of the server on `data` wrote down.
    pub fn read(data: &Path) -> Result<Profile, DirectoryError> {
        let path = data.join("local/config");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause)
                if matches!(
                    cause.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(DirectoryError::Absent(data.to_owned()));
            }
            Err(cause) => return Err(FileError::new("reading", &path, cause).into()),
        };
        let value = |name: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once('='));
            let pair = pairs.find(|(key, _)| key.trim() == name);
            pair.map(|(_, value)| value.trim().to_owned())
        };
        match (value("endpoint_url"), value("region")) {
            (Some(endpoint), Some(region)) => Ok(Profile {
                endpoint,
                region,
                ca_bundle: value("ca_bundle"),
            }),
            _ => Err(DirectoryError::Absent(data.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;

    #[test]
    fn a_profile_reads_back_as_it_was_written() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(place.path()).unwrap();
        assert!(matches!(
            Profile::read(place.path()),
            Err(DirectoryError::Absent(_))
        ));
        for bundle in [Some(Path::new("/d/local/ca.pem")), None] {
            let region = "eu-central-1".parse().unwrap();
            let profile = Profile::new("https://127.0.0.1:7400".to_owned(), &region, bundle);
            profile.write(&directory).unwrap();
            assert_eq!(Profile::read(place.path()).unwrap(), profile);
        }
        assert!(!directory.is_new());
    }

    #[test]
    fn credentials_have_awss_file_format() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(place.path()).unwrap();
        let key = NewAccessKey::draw(&SeededEntropy::new(1)).unwrap();
        write_credentials(&directory.credentials(), &key).unwrap();
        assert_eq!(
            std::fs::read_to_string(directory.credentials()).unwrap(),
            format!(
                "[keystead]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                key.id.as_str(),
                key.secret.expose()
            )
        );
    }
}
