//! A store that is not what it was is refused, in one line that says so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use crash::{ARGUMENTS, Access, Client, client, import};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use testkit::server::Launch;

/// An installation that was in use, and was stopped.
struct Used {
    place: TempDir,
}

impl Used {
    fn new() -> Used {
        let place = crash::scratch();
        let used = Used { place };
        used.work(6);
        used
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    fn work(&self, keys: usize) {
        let server = launch(&self.data()).start().unwrap();
        let access = Access::of(&self.data()).unwrap();
        let mut client = Client::connect(client::address_of(server.url()), &access).unwrap();
        for _ in 0..keys {
            let key = client.ok("CreateKey", &json!({})).unwrap()["KeyMetadata"]["KeyId"].take();
            let name = format!("alias/{}", key.as_str().unwrap());
            client
                .ok("CreateAlias", &json!({"AliasName": name, "TargetKeyId": key}))
                .unwrap();
        }
        let mut create = |members| {
            let made = client.ok("CreateKey", &members).unwrap();
            made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
        };
        let imported = create(json!({"Origin": "EXTERNAL"}));
        let family = create(json!({"MultiRegion": true}));
        let parameters = client
            .ok("GetParametersForImport", &import::wrapping(&imported))
            .unwrap();
        let import = import::import(&imported, "mine", &parameters);
        client.ok("ImportKeyMaterial", &import).unwrap();
        let replicate = json!({"KeyId": family, "ReplicaRegion": client::REGIONS[1]});
        client.ok("ReplicateKey", &replicate).unwrap();
        drop(client);
        assert!(server.terminate().unwrap().status.success());
    }

    /// Refuses to start, with a line that has these words.
    #[track_caller]
    fn is_refused(&self, words: &str) {
        let ended = launch(&self.data()).refused().unwrap();
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{}", ended.stderr);
        assert!(
            !ended.status.success() && lines[0].contains(words),
            "{words:?}: {}",
            lines[0]
        );
    }

    #[track_caller]
    fn is_served(&self) {
        let server = launch(&self.data()).start().unwrap();
        assert!(server.terminate().unwrap().status.success());
    }

    fn database(&self) -> Connection {
        Connection::open(self.data().join("store/keystead.db")).unwrap()
    }
}

fn launch(data: &Path) -> Launch {
    Launch::on(data).unwrap().arguments(ARGUMENTS)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Puts one directory in the place of another.
fn put_back(from: &Path, to: &Path) {
    fs::remove_dir_all(to).unwrap();
    copy(from, to);
}

type Row = (Vec<u8>, i64, Vec<u8>);

fn rows(database: &Connection) -> Vec<Row> {
    let mut select = database
        .prepare("SELECT key, revision, value FROM rows ORDER BY key")
        .unwrap();
    let rows = select
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_store_without_its_root_key_is_refused() {
    let used = Used::new();
    let key = used.data().join("local/root.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    used.is_refused("root.key is missing");
    fs::write(&key, format!("{}\n", "5a".repeat(32))).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    used.is_refused("root key");
    fs::write(&key, kept).unwrap();
    used.is_served();
}

#[test]
fn a_store_from_which_any_row_was_removed_is_refused() {
    let used = Used::new();
    let all = rows(&used.database());
    assert!(all.len() > 20, "{}", all.len());
    // One of each table at least: a row key begins with its table's number.
    let mut tables = Vec::new();
    let chosen = all.iter().enumerate().filter(|(place, (key, ..))| {
        let is_first = !tables.contains(&key[0]);
        tables.push(key[0]);
        is_first || place % 9 == 0
    });
    let chosen: Vec<&Row> = chosen.map(|(_, row)| row).collect();
    for (key, revision, value) in chosen {
        assert_eq!(
            used.database()
                .execute("DELETE FROM rows WHERE key = ?1", [key])
                .unwrap(),
            1
        );
        used.is_refused("restore");
        let put = "INSERT INTO rows (key, revision, value) VALUES (?1, ?2, ?3)";
        used.database().execute(put, (key, revision, value)).unwrap();
    }
    used.is_served();
}

#[test]
fn a_store_in_which_rows_were_exchanged_or_put_back_is_refused() {
    let used = Used::new();
    let before = rows(&used.database());
    let put = "UPDATE rows SET revision = ?2, value = ?3 WHERE key = ?1";
    // Two keys' records, each of which is sound where it was.
    let keys: Vec<&Row> = before.iter().filter(|(key, ..)| key[0] == 20).take(2).collect();
    let [one, other] = keys.as_slice() else {
        panic!("the store holds no two keys");
    };
    used.database().execute(put, (&one.0, other.1, &other.2)).unwrap();
    used.database().execute(put, (&other.0, one.1, &one.2)).unwrap();
    used.is_refused("restore");
    used.database().execute(put, (&one.0, one.1, &one.2)).unwrap();
    used.database()
        .execute(put, (&other.0, other.1, &other.2))
        .unwrap();
    used.is_served();

    // A row as it was before it was changed, sound and sealed for this place.
    let id = &before.iter().find(|(key, ..)| key[0] == 20).unwrap().0;
    let uuid = hex::encode(&id[id.len() - 16..]);
    let server = launch(&used.data()).start().unwrap();
    let access = Access::of(&used.data()).unwrap();
    let mut client = Client::connect(client::address_of(server.url()), &access).unwrap();
    for region in client::REGIONS {
        let keys = client.ok_in(region, "ListKeys", &json!({})).unwrap();
        for key in keys["Keys"].as_array().unwrap() {
            client.ok("DisableKey", &json!({"KeyId": key["KeyArn"]})).unwrap();
        }
    }
    drop(client);
    assert!(server.terminate().unwrap().status.success());
    let (key, revision, value) = before.iter().find(|(key, ..)| key == id).unwrap();
    let now = rows(&used.database())
        .into_iter()
        .find(|(key, ..)| key == id)
        .unwrap();
    assert_ne!(now.2, *value, "{uuid} did not change");
    used.database().execute(put, (key, revision, value)).unwrap();
    used.is_refused("restore");
    used.database().execute(put, (key, now.1, &now.2)).unwrap();
    used.is_served();
}

#[test]
fn an_older_store_or_log_under_a_newer_one_is_refused() {
    let used = Used::new();
    let old = used.place.path().join("old");
    copy(&used.data(), &old);
    used.work(3);
    let new = used.place.path().join("new");
    copy(&used.data(), &new);
    for (part, words) in [("store", "older copy of the store"), ("audit", "older copy")] {
        put_back(&old.join(part), &used.data().join(part));
        used.is_refused(words);
        put_back(&new.join(part), &used.data().join(part));
        used.is_served();
        // That start and its end were recorded, or not: from here on the copies are to be of now.
        put_back(&used.data(), &new);
    }
}
