//! Calls for keys that are imported, and for keys of both Regions.

use serde_json::json;

use super::{Actor, Ended};
use crate::call::{Effect, Register, tags_text};
use crate::client::REGIONS;
use crate::import;
use crate::kind::{Kind, in_region};

impl Actor<'_> {
    /// Everything that these keys go through, in order.
    pub(super) fn prelude(&mut self) -> Result<(), Ended> {
        self.create_key_of(Kind::Imported)?;
        let place = self.keys.len() - 1;
        self.import(place)?;
        self.make_proof_by(place)?;
        self.lose(place)?;
        self.import(place)?;
        self.create_key_of(Kind::Family)?;
        let place = self.keys.len() - 1;
        self.make_proof_by(place)?;
        self.replicate(place)?;
        self.rotate_at(place)?;
        self.make_proof_by(place)?;
        self.move_primary(place)?;
        self.rotate_at(place)?;
        for kind in [Kind::Ecdsa, Kind::Hmac] {
            self.create_key_of(kind)?;
            self.make_proof_by(self.keys.len() - 1)?;
        }
        Ok(())
    }

    /// The key at `place`, or where it has one and the dice say so, its replica.
    pub(super) fn anywhere(&mut self, place: usize) -> String {
        let arn = self.keys[place].arn.clone();
        if self.keys[place].replicated && self.chance(2) == 0 {
            return in_region(&arn, REGIONS[1]);
        }
        arn
    }

    /// Makes a key of a kind that there is none of, though not each time: the checks look at all that were ever made.
    fn create_now_and_then(&mut self, kind: Kind) -> Result<(), Ended> {
        match self.chance(3) {
            0 => self.create_key_of(kind),
            _ => self.make_proof(),
        }
    }

    /// Gives a key its material, or takes it away.
    pub(super) fn import_or_lose(&mut self) -> Result<(), Ended> {
        let is_imported = |kind| kind == Kind::Imported;
        match self.pick_of(is_imported, &["PendingImport", "Enabled"]) {
            Some(place) if self.keys[place].state == "PendingImport" => self.import(place),
            Some(place) => self.lose(place),
            None => self.create_now_and_then(Kind::Imported),
        }
    }

    fn import(&mut self, place: usize) -> Result<(), Ended> {
        let (ground, arn) = (self.ground, self.keys[place].arn.clone());
        let parameters = match ground.traffic.parameters.of(&arn) {
            Some(known) => known,
            None => {
                let Ok(asking) = ground.wrapping.try_lock() else {
                    return self.look_at_keys();
                };
                let wrapping = import::wrapping(&arn);
                let asked = self.call("GetParametersForImport", &wrapping, Effect::None, None)?;
                drop(asking);
                let Some(parameters) = asked else {
                    return Ok(());
                };
                ground.traffic.parameters.keep(&arn, parameters.clone());
                parameters
            }
        };
        let import = import::import(&arn, &self.keys[place].description, &parameters);
        self.change_state(place, "ImportKeyMaterial", &import, "Enabled")
    }

    fn lose(&mut self, place: usize) -> Result<(), Ended> {
        let body = json!({"KeyId": self.keys[place].arn});
        self.change_state(place, "DeleteImportedKeyMaterial", &body, "PendingImport")
    }

    /// Makes a replica, or makes it the primary.
    pub(super) fn replicate_or_move(&mut self) -> Result<(), Ended> {
        match self.pick_of(|kind| kind == Kind::Family, &["Enabled"]) {
            Some(place) if self.keys[place].replicated => self.move_primary(place),
            Some(place) => self.replicate(place),
            None => self.create_now_and_then(Kind::Family),
        }
    }

    fn replicate(&mut self, place: usize) -> Result<(), Ended> {
        let description = self.serial();
        let body = json!({
            "KeyId": self.keys[place].arn,
            "ReplicaRegion": REGIONS[1],
            "Description": description,
            "Tags": [{"TagKey": "born", "TagValue": description}],
        });
        let effect = Effect::Create {
            kind: Kind::Replica,
            tags: tags_text([("born", description.as_str())]),
            description,
        };
        if let Some(answer) = self.call("ReplicateKey", &body, effect, None)? {
            self.made(&answer["ReplicaKeyMetadata"], Kind::Replica);
            self.keys[place].replicated = true;
        } else if self.in_doubt() {
            self.keys.remove(place);
        }
        Ok(())
    }

    fn move_primary(&mut self, place: usize) -> Result<(), Ended> {
        let there = usize::from(self.keys[place].primary == REGIONS[0]);
        let primary = REGIONS[there].to_owned();
        let body = json!({"KeyId": self.keys[place].leading(), "PrimaryRegion": primary});
        let write = (Register::Primary(self.keys[place].family()), primary.clone());
        self.change(place, "UpdatePrimaryRegion", &body, write, |key| {
            key.primary = primary
        })
    }
}
