//! The owner of a file on Windows, and files that stay as they were made. Both are told by the security descriptor of the open handle,
//! never by a name that could lead elsewhere a moment later.
//!
//! A sealed file may be read, executed and deleted by its user, and nothing else by anybody. Two attributes that no guest can set mark
//! it.
//!
//! Hazards: an owner may be a group, "Administrators" for what an elevated process makes; then each of that group counts as the owner.
//! Where a volume keeps no descriptors (FAT), the attributes are all that is left. Wine keeps of the list what a Unix mode can hold, and
//! root writes in spite of it.

#![allow(unsafe_code, reason = "foreign functions")]

use std::ffi::c_void;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, EqualSid, GetTokenInformation, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, SetKernelObjectSecurity, TOKEN_INFORMATION_CLASS,
    TOKEN_QUERY, TokenOwner, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_SYSTEM, FILE_SHARE_DELETE, FILE_SHARE_READ, WRITE_DAC};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// True if the user of this process owns `file`, or whoever owns what this process makes.
///
/// # Errors
/// `PermissionDenied` where `file` wasn't opened to be read (`READ_CONTROL`).
pub(crate) fn is_mine(file: &File) -> io::Result<bool> {
    let owned = Descriptor::of(file)?;
    let token = Token::of_this_process()?;
    Ok(owned.is_of(&token.sid(TokenUser)?) || owned.is_of(&token.sid(TokenOwner)?))
}

/// Makes a file at `path`, where none may be, that can be written through this handle alone: others may only read it until it is
/// sealed, and nobody may do more from then on.
///
/// # Errors
/// As of `OpenOptions::open` with `create_new`; or it can't be sealed, and is left empty.
pub(crate) fn create_sealed(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .access_mode(GENERIC_READ | GENERIC_WRITE | WRITE_DAC)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE)
        .attributes(FILE_ATTRIBUTE_SYSTEM)
        .open(path)?;
    // Not at once with the other mark, nor after the list: Wine keeps that one in an attribute of Linux, which only who may write the
    // file can set.
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions)?;
    Descriptor::of_a_seal()?.replace_list_of(&file)?;
    Ok(file)
}

/// Removes a sealed file. The standard library removes a read-only one where the system does so in one step (since Windows 10 1607);
/// where it doesn't (FAT, Wine 8.0), no list keeps the attribute on it.
#[allow(clippy::permissions_set_readonly_false, reason = "what it warns of is Unix's")]
pub(crate) fn remove_sealed(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|_| {
        let mut permissions = fs::metadata(path)?.permissions();
        permissions.set_readonly(false);
        fs::set_permissions(path, permissions)?;
        fs::remove_file(path)
    })
}

/// A security descriptor of the system's making.
struct Descriptor {
    descriptor: PSECURITY_DESCRIPTOR,
    /// Points into the descriptor; null where nobody was asked for an owner.
    owner: PSID,
}

impl Descriptor {
    /// That of an open file, with its owner.
    fn of(file: &File) -> io::Result<Self> {
        let mut of = Self { descriptor: ptr::null_mut(), owner: ptr::null_mut() };
        // SAFETY: the handle is open; the call writes two pointers, and none where a null pointer is passed.
        let result = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION,
                &raw mut of.owner,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut of.descriptor,
            )
        };
        if result == 0 { Ok(of) } else { Err(io::Error::from_raw_os_error(result.cast_signed())) }
    }

    /// A protected list, which inherits nothing from the folder ("Security Descriptor String Format"): the user may read, execute and
    /// delete. So may OWNER RIGHTS (`OW`): named in a list, the owner has no more than is granted there, and can't change the list.
    fn of_a_seal() -> io::Result<Self> {
        let user = Token::of_this_process()?.sid(TokenUser)?.text()?;
        Self::from_text(&format!("D:P(A;;FRFXSD;;;{user})(A;;FRFXSD;;;OW)"))
    }

    /// The descriptor that `text` describes.
    fn from_text(text: &str) -> io::Result<Self> {
        let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut of = Self { descriptor: ptr::null_mut(), owner: ptr::null_mut() };
        let (to, length) = (&raw mut of.descriptor, ptr::null_mut());
        // SAFETY: the text ends in a zero; the call writes one pointer.
        let done =
            unsafe { ConvertStringSecurityDescriptorToSecurityDescriptorW(text.as_ptr(), SDDL_REVISION_1, to, length) };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(of) }
    }

    /// Puts its list of rights in the place of that of an open file. Not by `SetSecurityInfo`, which under Wine takes the folder's.
    fn replace_list_of(&self, file: &File) -> io::Result<()> {
        let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        // SAFETY: the handle is open, and the descriptor is the system's own.
        if unsafe { SetKernelObjectSecurity(file.as_raw_handle(), what, self.descriptor) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// True if its owner is `sid`.
    fn is_of(&self, sid: &Sid) -> bool {
        // SAFETY: neither is null, and each points to a SID in memory that lives as long as its owner here.
        !self.owner.is_null() && unsafe { EqualSid(self.owner, sid.pointer()) } != 0
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the system allocated it by `LocalAlloc`, for its caller to free; null is nothing to free.
        unsafe { LocalFree(self.descriptor) };
    }
}

/// The access token that this process acts under.
struct Token(OwnedHandle);

impl Token {
    fn of_this_process() -> io::Result<Self> {
        let mut handle = ptr::null_mut();
        // SAFETY: the call writes one handle.
        if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut handle) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was just opened, and belongs to nobody else.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// The user of the token (`TokenUser`), or the owner of what it makes (`TokenOwner`).
    fn sid(&self, class: TOKEN_INFORMATION_CLASS) -> io::Result<Sid> {
        let mut sid = Sid(Box::new([0; Sid::WORDS]));
        let mut length = 0;
        // SAFETY: the call writes at most so many bytes to the room, which is aligned as a pointer, and the length.
        let done = unsafe {
            let (room, bytes) = (sid.0.as_mut_ptr().cast::<c_void>(), size_of_val(&*sid.0) as u32);
            GetTokenInformation(self.0.as_raw_handle(), class, room, bytes, &raw mut length)
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(sid) }
    }
}

/// The answer of `GetTokenInformation`. `TOKEN_USER` and `TOKEN_OWNER` both begin with the pointer to a SID, which lies after them. So
/// the answer must stay where it was written.
struct Sid(Box<[usize; Self::WORDS]>);

impl Sid {
    /// Room for the structure and the longest SID, of 68 bytes (`SECURITY_MAX_SID_SIZE`).
    const WORDS: usize = (2 * size_of::<usize>() + 68).div_ceil(size_of::<usize>());

    fn pointer(&self) -> PSID {
        let [pointer, ..] = *self.0;
        pointer as PSID
    }

    /// `S-1-...`
    fn text(&self) -> io::Result<String> {
        let mut text = ptr::null_mut();
        // SAFETY: the SID is the system's own; the call writes one pointer.
        if unsafe { ConvertSidToStringSidW(self.pointer(), &raw mut text) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the text ends in a zero, is ASCII, and was allocated by `LocalAlloc` for its caller to free.
        unsafe {
            let units = (0..).map(|index| *text.add(index)).take_while(|unit| *unit != 0);
            let read = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            LocalFree(text.cast());
            Ok(read)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::windows::fs::MetadataExt as _;

    use windows_sys::Win32::Security::GetSecurityDescriptorOwner;
    use windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_READONLY;

    use super::*;

    const MARKS: u32 = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_SYSTEM;

    /// True if a read-only file can't be written; under Wine root writes it all the same.
    fn minds_read_only(folder: &Path) -> bool {
        let path = folder.join("read-only");
        let made = OpenOptions::new().write(true).create_new(true).attributes(FILE_ATTRIBUTE_READONLY).open(&path);
        drop(made.unwrap());
        let minds = OpenOptions::new().write(true).open(&path).is_err();
        remove_sealed(&path).unwrap();
        minds
    }

    #[test]
    fn what_this_process_makes_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "x").unwrap();
        assert!(is_mine(&File::open(&path).unwrap()).unwrap());
        let sealed = create_sealed(&folder.path().join("sealed")).unwrap();
        assert!(is_mine(&sealed).unwrap());
        drop(sealed);
        remove_sealed(&folder.path().join("sealed")).unwrap();
    }

    #[test]
    fn another_is_not_the_owner() {
        let token = Token::of_this_process().unwrap();
        let (user, owner) = (token.sid(TokenUser).unwrap(), token.sid(TokenOwner).unwrap());
        assert!(user.text().unwrap().starts_with("S-1-5-"));
        for other in ["O:WD", "O:BG", "O:AN"] {
            let mut of = Descriptor::from_text(other).unwrap();
            let mut defaulted = 0;
            // SAFETY: the descriptor is the system's own; the call writes a pointer and a number.
            let found = unsafe { GetSecurityDescriptorOwner(of.descriptor, &raw mut of.owner, &raw mut defaulted) };
            assert!(found != 0 && !of.owner.is_null());
            assert!(!of.is_of(&user) && !of.is_of(&owner), "{other}");
        }
    }

    #[test]
    fn a_sealed_file_is_written_through_its_first_handle() {
        let folder = tempfile::tempdir().unwrap();
        let (unfinished, path) = (folder.path().join("unfinished"), folder.path().join("sealed"));
        let mut file = create_sealed(&unfinished).unwrap();
        file.write_all(b"code").unwrap();
        assert_eq!(create_sealed(&unfinished).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        drop(file);
        fs::rename(&unfinished, &path).unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(file.metadata().unwrap().file_attributes() & MARKS, MARKS);
        assert_eq!(fs::read(&path).unwrap(), b"code");
        drop(file);
        if minds_read_only(folder.path()) {
            for open in [OpenOptions::write, OpenOptions::append] {
                assert_eq!(
                    open(&mut OpenOptions::new(), true).open(&path).unwrap_err().kind(),
                    io::ErrorKind::PermissionDenied
                );
            }
        }
        remove_sealed(&path).unwrap();
        assert!(!path.exists());
    }
}
