//! Attributes: one call where NT has it, three where not.
//!
//! Beneath one root everything is on the root's volume, because whatever leads to another is refused; so its serial number is
//! asked for once, and comes in as `device`.

use std::sync::atomic::{AtomicBool, Ordering};

use callgate_system::{FileType, Identity, Result, Stat, Timestamp};

use crate::error::{Portable as _, Status};
use crate::nt::{Handle, info};
use crate::objects::RESOLVER;
use crate::reparse::{Look, REPARSE_POINT};
use crate::times;

/// The id of a file whose real one doesn't fit into 64 bits (ReFS), or that has none.
const NO_ID: [i64; 2] = [-1, 0];

/// The attributes that both ways of asking tell.
struct Known {
    look: Look,
    links: u32,
    size: i64,
    allocated: i64,
    accessed: i64,
    modified: i64,
    changed: i64,
    file: u128,
}

/// The attributes of an open object.
pub(crate) fn of(handle: &Handle, device: u64) -> Result<Stat> {
    let known = known(handle).portable()?;
    let kind = known.look.kind();
    let size = match kind {
        FileType::SymbolicLink => RESOLVER.link_text(handle)?.len() as u64,
        _ => u64::try_from(known.size).unwrap_or(0),
    };
    Ok(Stat {
        kind,
        links: known.links.into(),
        size,
        allocated: u64::try_from(known.allocated).unwrap_or(0),
        accessed: kept(known.accessed),
        modified: kept(known.modified),
        changed: kept(known.changed),
        identity: Identity { device, file: known.file },
    })
}

/// 0 is the word for a time that the file system doesn't keep.
fn kept(ticks: i64) -> Option<Timestamp> {
    (ticks != 0).then(|| times::timestamp(ticks))
}

fn known(handle: &Handle) -> std::result::Result<Known, Status> {
    /// True once this NT was found not to have the one call, which is tried only until then.
    static MISSING: AtomicBool = AtomicBool::new(false);
    if MISSING.load(Ordering::Relaxed) {
        return in_parts(handle);
    }
    match at_once(handle) {
        Err(Status::INVALID_INFO_CLASS | Status::NOT_IMPLEMENTED) => {
            MISSING.store(true, Ordering::Relaxed);
            in_parts(handle)
        }
        // This file system hasn't.
        Err(status) if status.is_missing() => in_parts(handle),
        result => result,
    }
}

fn at_once(handle: &Handle) -> std::result::Result<Known, Status> {
    let stat = info::stat(handle)?;
    let wide_id = || info::file_id(handle);
    Ok(Known {
        look: Look { attributes: stat.FileAttributes, tag: stat.ReparseTag },
        links: stat.NumberOfLinks,
        size: stat.EndOfFile,
        allocated: stat.AllocationSize,
        accessed: stat.LastAccessTime,
        modified: stat.LastWriteTime,
        changed: stat.ChangeTime,
        file: if NO_ID.contains(&stat.FileId) { wide_id()? } else { stat.FileId.cast_unsigned().into() },
    })
}

fn in_parts(handle: &Handle) -> std::result::Result<Known, Status> {
    let (basic, standard) = (info::basic(handle)?, info::standard(handle)?);
    let look = match basic.FileAttributes & REPARSE_POINT {
        0 => Look { attributes: basic.FileAttributes, tag: 0 },
        _ => info::look(handle)?,
    };
    Ok(Known {
        look,
        links: if standard.delete_pending == 0 { standard.links } else { 0 },
        size: standard.end_of_file,
        allocated: standard.allocation_size,
        accessed: basic.LastAccessTime,
        modified: basic.LastWriteTime,
        changed: basic.ChangeTime,
        file: info::internal_id(handle)?.into(),
    })
}
