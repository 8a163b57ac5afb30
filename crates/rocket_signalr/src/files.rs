//! The files of this process, by their numbers.
//!
//! Rocket shows its sockets to nobody: who needs one has to look for it among all that is open.

use std::os::fd::{BorrowedFd, RawFd};

/// Lets `look` look at the file that has this number. None may have it, and then every call fails; or
/// another than was thought, which `look` has to find out before it changes anything.
pub(crate) fn look_at<R>(number: RawFd, look: impl FnOnce(BorrowedFd<'_>) -> R) -> R {
    // SAFETY: A number that is no file's makes system calls fail, and harms nothing else. The file is
    // not closed here, and no memory is reached through it.
    #[expect(unsafe_code, reason = "there is no other way to a file by its number")]
    let file = unsafe { BorrowedFd::borrow_raw(number) };
    look(file)
}
