//! Puts a file of its own in the place of every file of a folder, in each way that there is: `forger FOLDER FILE`. The files that it
//! overwrote and replaced are counted. The caller sees what came of the rest.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

fn main() {
    let arguments: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [folder, forged] = arguments.as_slice() else { panic!("give a folder and a file") };
    let forged = fs::read(forged).expect("the file can be read");
    let entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder can be listed")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.is_file())
        .collect();
    let (mut overwritten, mut replaced) = (0, 0);
    for entry in &entries {
        overwritten += usize::from(overwrite(entry, &forged));
        replaced += usize::from(replace(entry, &forged));
    }
    // An entry in the place of another, and under two names.
    for pair in entries.windows(2) {
        let _ = fs::hard_link(&pair[0], pair[1].with_extension("link"));
        let _ = fs::rename(&pair[0], &pair[1]);
    }
    println!("{} files, {overwritten} overwritten, {replaced} replaced", entries.len());
}

/// Changes the very file, at once or after it was cut.
fn overwrite(entry: &Path, forged: &[u8]) -> bool {
    let open = |options: &mut OpenOptions| options.open(entry).and_then(|mut file| file.write_all(forged));
    let kept = open(OpenOptions::new().write(true)).is_ok();
    let appended = open(OpenOptions::new().append(true)).is_ok();
    let cut = open(OpenOptions::new().write(true).truncate(true)).is_ok();
    kept || appended || cut
}

/// Puts a new file under its name.
fn replace(entry: &Path, forged: &[u8]) -> bool {
    let new = entry.with_extension("new");
    fs::write(&new, forged).is_ok() && fs::rename(&new, entry).is_ok()
}
