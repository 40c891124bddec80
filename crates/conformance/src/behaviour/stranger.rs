//! Handles of another system, which no backend can have made.

use callgate_system::{Code, Directory, Entries, Follow, NewTimestamp, OpenHow, Opened, Result, Sink, Source, Stat};

/// A directory, and a stream both ways, of a system that has nothing.
pub(super) struct Stranger;

fn nothing<T>() -> Result<T> {
    Err(Code::Unsupported.into())
}

impl Directory for Stranger {
    fn open(&self, _: &str, _: OpenHow) -> Result<Opened> {
        nothing()
    }
    fn stat(&self, _: &str, _: Follow) -> Result<Stat> {
        nothing()
    }
    fn metadata(&self) -> Result<Stat> {
        nothing()
    }
    fn read_entries(&self) -> Result<Box<dyn Entries>> {
        nothing()
    }
    fn create_directory(&self, _: &str) -> Result<()> {
        nothing()
    }
    fn remove_directory(&self, _: &str) -> Result<()> {
        nothing()
    }
    fn unlink_file(&self, _: &str) -> Result<()> {
        nothing()
    }
    fn symlink(&self, _: &str, _: &str) -> Result<()> {
        nothing()
    }
    fn read_link(&self, _: &str) -> Result<String> {
        nothing()
    }
    fn link(&self, _: &str, _: Follow, _: &dyn Directory, _: &str) -> Result<()> {
        nothing()
    }
    fn rename(&self, _: &str, _: &dyn Directory, _: &str) -> Result<()> {
        nothing()
    }
    fn set_times(&self, _: &str, _: Follow, _: NewTimestamp, _: NewTimestamp) -> Result<()> {
        nothing()
    }
    fn set_own_times(&self, _: NewTimestamp, _: NewTimestamp) -> Result<()> {
        nothing()
    }
    fn sync(&self) -> Result<()> {
        nothing()
    }
}

impl Source for Stranger {
    fn read(&self, _: &mut Vec<u8>) -> Result<usize> {
        Ok(0)
    }
    fn is_terminal(&self) -> bool {
        false
    }
}

impl Sink for Stranger {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        Ok(buffer.len())
    }
    fn is_terminal(&self) -> bool {
        false
    }
}
