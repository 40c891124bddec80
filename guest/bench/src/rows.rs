//! The operations, by name of row. To add one, write its function and name it in `measure`.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Seek, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::timing::per_operation;

/// Size of the files that reads and writes go round in, in bytes; a multiple of every size of a read or write.
const FILE_SIZE: u64 = 16 << 20;
const ENTRIES: usize = 100;

/// Measures one row and returns nanoseconds for one operation.
pub(crate) fn measure(row: &str, folder: &Path, budget: Duration) -> io::Result<f64> {
    match row {
        "instant-now" => per_operation(budget, repeated(|| _ = black_box(Instant::now()))),
        "system-time-now" => per_operation(budget, repeated(|| _ = black_box(SystemTime::now()))),
        "metadata-1" => metadata(folder.join("plain"), budget),
        "metadata-7" => metadata(folder.join("a/b/c/d/e/f/plain"), budget),
        "open-close" => open_close(&folder.join("plain"), budget),
        "create-unlink" => create_unlink(&folder.join("fleeting"), budget),
        "read-dir-100" => read_dir(&folder.join("entries"), budget),
        "read-1" => read(&folder.join("read"), 1, budget),
        "read-4k" => read(&folder.join("read"), 4 << 10, budget),
        "read-64k" => read(&folder.join("read"), 64 << 10, budget),
        "write-1" => write(&folder.join("written"), 1, budget),
        "write-4k" => write(&folder.join("written"), 4 << 10, budget),
        "write-64k" => write(&folder.join("written"), 64 << 10, budget),
        "stderr-16" => stderr(budget),
        "tcp-1" => ping_pong(1, budget),
        "tcp-64k" => ping_pong(64 << 10, budget),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no such row")),
    }
}

fn repeated(mut operation: impl FnMut()) -> impl FnMut(u64) -> io::Result<()> {
    move |times| {
        for _ in 0..times {
            operation();
        }
        Ok(())
    }
}

fn metadata(path: PathBuf, budget: Duration) -> io::Result<f64> {
    plain_file(&path)?;
    per_operation(budget, |times| {
        for _ in 0..times {
            black_box(fs::metadata(&path)?);
        }
        Ok(())
    })
}

fn open_close(path: &Path, budget: Duration) -> io::Result<f64> {
    plain_file(path)?;
    per_operation(budget, |times| {
        for _ in 0..times {
            drop(black_box(File::open(path)?));
        }
        Ok(())
    })
}

fn create_unlink(path: &Path, budget: Duration) -> io::Result<f64> {
    per_operation(budget, |times| {
        for _ in 0..times {
            drop(black_box(File::create(path)?));
            fs::remove_file(path)?;
        }
        Ok(())
    })
}

fn read_dir(folder: &Path, budget: Duration) -> io::Result<f64> {
    for number in 0..ENTRIES {
        plain_file(&folder.join(format!("entry-{number:03}")))?;
    }
    per_operation(budget, |times| {
        for _ in 0..times {
            let mut entries = 0;
            for entry in fs::read_dir(folder)? {
                black_box(entry?);
                entries += 1;
            }
            if entries != ENTRIES {
                return Err(io::Error::other(format!("{entries} entries, not {ENTRIES}")));
            }
        }
        Ok(())
    })
}

fn read(path: &Path, size: usize, budget: Duration) -> io::Result<f64> {
    full_size(path)?;
    let mut file = File::open(path)?;
    let mut buffer = vec![0; size];
    let mut left = FILE_SIZE;
    per_operation(budget, |times| {
        for _ in 0..times {
            if left == 0 {
                file.rewind()?;
                left = FILE_SIZE;
            }
            let count = file.read(&mut buffer)?;
            if count != size {
                return Err(io::Error::other(format!("a read of {count} bytes, not {size}")));
            }
            left -= size as u64;
        }
        Ok(())
    })
}

fn write(path: &Path, size: usize, budget: Duration) -> io::Result<f64> {
    full_size(path)?;
    let mut file = OpenOptions::new().write(true).open(path)?;
    let buffer = vec![b'w'; size];
    let mut left = FILE_SIZE;
    per_operation(budget, |times| {
        for _ in 0..times {
            if left == 0 {
                file.rewind()?;
                left = FILE_SIZE;
            }
            let count = file.write(&buffer)?;
            if count != size {
                return Err(io::Error::other(format!("a write of {count} bytes, not {size}")));
            }
            left -= size as u64;
        }
        Ok(())
    })
}

fn stderr(budget: Duration) -> io::Result<f64> {
    let mut stderr = io::stderr();
    per_operation(budget, |times| {
        for _ in 0..times {
            stderr.write_all(b"fifteen letters\n")?;
        }
        Ok(())
    })
}

/// One thread holds both ends of a connection: so many bytes go there, and as many come back.
fn ping_pong(size: usize, budget: Duration) -> io::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut near = TcpStream::connect(listener.local_addr()?)?;
    let (mut far, _) = listener.accept()?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let mut buffer = vec![b'p'; size];
    per_operation(budget, |times| {
        for _ in 0..times {
            near.write_all(&buffer)?;
            far.read_exact(&mut buffer)?;
            far.write_all(&buffer)?;
            near.read_exact(&mut buffer)?;
        }
        Ok(())
    })
}

/// Makes sure of a small file, and of the folders on the way to it.
fn plain_file(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, "plain\n")
}

/// Makes sure of a file of `FILE_SIZE`.
fn full_size(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() == FILE_SIZE) {
        return Ok(());
    }
    let chunk = vec![b'f'; 1 << 20];
    let mut file = File::create(path)?;
    for _ in 0..FILE_SIZE / chunk.len() as u64 {
        file.write_all(&chunk)?;
    }
    Ok(())
}
