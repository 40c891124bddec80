//! Brokers at Unix sockets.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::link::{Ends, Leash};

impl Leash for UnixStream {
    fn end(&mut self) {
        // It may be closed already.
        self.shutdown(Shutdown::Both).ok();
    }
}

pub(crate) fn connect(path: &Path) -> io::Result<(Ends, Box<dyn Leash>)> {
    let stream = UnixStream::connect(path)?;
    let ends: Ends = (Box::new(stream.try_clone()?), Box::new(stream.try_clone()?));
    Ok((ends, Box::new(stream)))
}
