//! How long imported material is to stay.

use std::time::Duration;

use ambient::Timestamp;

use crate::KmsError;
use crate::key_kinds::ExpirationModel;

/// How far ahead an expiry may be. Source: KMS API Reference, `ImportKeyMaterial`, `ValidTo`.
const FURTHEST: Duration = Duration::from_secs(365 * 86_400);

/// How long imported material is to stay: until a date, or until it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From when on it is gone, where it is to go by itself.
    pub valid_to: Option<Timestamp>,
}

impl Terms {
    /// What a caller asks for at `now`: a date in the future, at most 365 days ahead, or none with the model that says so.
    pub fn of(
        model: Option<ExpirationModel>,
        valid_to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Terms, KmsError> {
        let text = match (model.unwrap_or(ExpirationModel::KeyMaterialExpires), valid_to) {
            (ExpirationModel::KeyMaterialExpires, None) => {
                "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
            }
            (ExpirationModel::KeyMaterialDoesNotExpire, Some(_)) => {
                "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE"
            }
            (ExpirationModel::KeyMaterialExpires, Some(end)) if end <= now => {
                "The validTo date must be in the future"
            }
            (ExpirationModel::KeyMaterialExpires, Some(end)) if end > now.after(FURTHEST) => {
                "The validTo date must be at most 365 days ahead"
            }
            _ => return Ok(Terms { valid_to }),
        };
        Err(KmsError::Validation(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExpirationModel::{KeyMaterialDoesNotExpire, KeyMaterialExpires};

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn at(milliseconds: i64) -> Option<Timestamp> {
        Some(Timestamp::from_milliseconds(milliseconds))
    }

    #[test]
    fn material_expires_at_a_date_within_a_year_unless_it_is_not_to() {
        let year = 365 * 86_400 * 1000;
        for model in [None, Some(KeyMaterialExpires)] {
            for (end, admitted) in [
                (None, false),
                (at(1_000_000), false),
                (at(1_000_001), true),
                (at(1_000_000 + year), true),
                (at(1_000_001 + year), false),
                (at(i64::MIN), false),
                (at(i64::MAX), false),
            ] {
                assert_eq!(Terms::of(model, end, NOW).is_ok(), admitted, "{end:?}");
            }
        }
        assert!(Terms::of(Some(KeyMaterialDoesNotExpire), None, NOW).is_ok());
        assert!(Terms::of(Some(KeyMaterialDoesNotExpire), at(1_000_001), NOW).is_err());
    }
}
