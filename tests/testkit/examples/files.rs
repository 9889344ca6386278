//! Does to files what standard input says, a command a line, and answers each with a line: `done`, or `failed` and the
//! error number. For the tests of the interposer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a sample program that tests drive"
)]

use std::collections::HashMap;
use std::fs::{self, File, Permissions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

fn main() {
    let mut files = HashMap::new();
    for line in io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match run(&mut files, &words) {
            Ok(()) => println!("done"),
            Err(cause) => println!("failed {}", cause.raw_os_error().unwrap_or(0)),
        }
    }
}

fn run(files: &mut HashMap<String, File>, words: &[&str]) -> io::Result<()> {
    let missing = || io::Error::from_raw_os_error(libc::ENOENT);
    let (command, path) = (words[0], words[1]);
    let argument = words.get(2).copied().unwrap_or_default();
    let number = || argument.parse::<u64>().unwrap();
    let file = || files.get(path).ok_or_else(missing);
    match command {
        "create" => {
            let file = File::options()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?;
            files.insert(path.to_owned(), file);
        }
        "open" => {
            let file = File::options().read(true).write(true).open(path)?;
            files.insert(path.to_owned(), file);
        }
        "append-to" => {
            let file = File::options().append(true).create(true).open(path)?;
            files.insert(path.to_owned(), file);
        }
        "cut-open" => {
            files.insert(path.to_owned(), File::create(path)?);
        }
        "open-synced" => {
            let file = File::options()
                .write(true)
                .custom_flags(libc::O_DSYNC)
                .open(path)?;
            files.insert(path.to_owned(), file);
        }
        "close" => drop(files.remove(path)),
        // The text of `write-at` and `write`: a letter, as often as the last word says.
        "write-at" => {
            let text = words[3].repeat(words[4].parse().unwrap());
            file()?.write_all_at(text.as_bytes(), number())?;
        }
        "write" => file()?.write_all(argument.repeat(words[3].parse().unwrap()).as_bytes())?,
        "write-once" => {
            let text = argument.repeat(words[3].parse().unwrap());
            let written = file()?.write(text.as_bytes())?;
            return Err(io::Error::from_raw_os_error(i32::try_from(written).unwrap()));
        }
        "write-parts" => {
            let parts = [
                IoSlice::new(argument.as_bytes()),
                IoSlice::new(words[3].as_bytes()),
            ];
            let written = file()?.write_vectored(&parts)?;
            assert_eq!(written, argument.len() + words[3].len());
        }
        "write-by-copy" => {
            let mut copy = file()?.try_clone()?;
            copy.write_all(argument.as_bytes())?;
        }
        // So many threads at once, each on the named file and on one of its own, with flushes between.
        "write-by-threads" => std::thread::scope(|scope| {
            let work = |thread: u64| -> io::Result<()> {
                let shared = file()?;
                for round in 0..50 {
                    let own_path = format!("{path}-{thread}-{round}");
                    let own = File::create(&own_path)?;
                    shared.write_all_at(&[b'a' + thread as u8; 700], (round * 8 + thread) * 600)?;
                    own.write_all_at(&[b'z'; 100], 0)?;
                    if round % 10 == 0 {
                        shared.sync_data()?
                    } else {
                        own.sync_all()?
                    }
                    drop(own);
                    if round % 3 == 0 {
                        fs::remove_file(&own_path)?;
                    }
                }
                Ok(())
            };
            let threads: Vec<_> = (0..number())
                .map(|thread| scope.spawn(move || work(thread)))
                .collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap())
        })?,
        "resize" => file()?.set_len(number())?,
        "flush" => file()?.sync_all()?,
        "flush-data" => file()?.sync_data()?,
        "flush-directory" => File::open(path)?.sync_all()?,
        "rename" => fs::rename(path, argument)?,
        "remove" => fs::remove_file(path)?,
        "make-directory" => fs::create_dir(path)?,
        "remove-directory" => fs::remove_dir(path)?,
        "remove-all" => fs::remove_dir_all(path)?,
        "link" => fs::hard_link(path, argument)?,
        "copy" => drop(fs::copy(path, argument)?),
        "mode" => fs::set_permissions(
            Path::new(path),
            Permissions::from_mode(u32::from_str_radix(argument, 8).unwrap()),
        )?,
        "mode-of-open" => {
            file()?.set_permissions(Permissions::from_mode(u32::from_str_radix(argument, 8).unwrap()))?
        }
        _ => return Err(io::Error::from_raw_os_error(libc::EINVAL)),
    }
    Ok(())
}
