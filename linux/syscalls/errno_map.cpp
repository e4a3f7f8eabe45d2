// SPDX-License-Identifier: MIT
#include "linux/syscalls/errno_map.hpp"

namespace linux {

Errno to_errno(abi::Error error) {
    using abi::Error;
    switch (error) {
        case Error::no_memory:
        case Error::table_full:
        case Error::too_deep:   return Errno::enomem;
        case Error::dead:
        case Error::no_caller:  return Errno::eio;
        // What this process was not given, such as a view of any files.
        case Error::invalid_capability:
        case Error::missing_right:      return Errno::eacces;
        case Error::bad_address:
        case Error::not_mapped:         return Errno::efault;
        case Error::out_of_range:
        case Error::not_aligned:
        case Error::invalid_argument:
        case Error::overlap:
        case Error::wrong_type:         return Errno::einval;
        case Error::busy:               return Errno::ebusy;
        case Error::timed_out:          return Errno::etimedout;
        case Error::interrupted:        return Errno::eintr;
        case Error::would_block:
        case Error::changed:            return Errno::eagain;
        case Error::too_long:           return Errno::enametoolong;
        case Error::bad_system_call:    return Errno::enosys;
        default:                        return Errno::eio;
    }
}

Errno to_errno(interfaces::Status status) {
    using interfaces::Status;
    switch (status) {
        case Status::unsupported:    return Errno::eopnotsupp;
        case Status::malformed:      return Errno::einval;
        case Status::bad_handle:     return Errno::ebadf;
        case Status::not_found:      return Errno::enoent;
        case Status::exists:         return Errno::eexist;
        case Status::not_directory:  return Errno::enotdir;
        case Status::is_directory:   return Errno::eisdir;
        case Status::not_empty:      return Errno::enotempty;
        case Status::name_too_long:  return Errno::enametoolong;
        case Status::too_many_links: return Errno::eloop;
        case Status::cross_device:   return Errno::exdev;
        case Status::access_denied:  return Errno::eacces;
        case Status::not_permitted:  return Errno::eperm;
        case Status::read_only:      return Errno::erofs;
        case Status::no_space:       return Errno::enospc;
        case Status::no_memory:      return Errno::enomem;
        case Status::limit:          return Errno::eagain;
        case Status::too_big:        return Errno::efbig;
        case Status::out_of_range:   return Errno::enxio;
        case Status::invalid:        return Errno::einval;
        case Status::busy:           return Errno::ebusy;
        case Status::io_error:       return Errno::eio;
        case Status::not_seekable:   return Errno::espipe;
        case Status::would_block:    return Errno::eagain;
        case Status::interrupted:    return Errno::eintr;
        case Status::timed_out:      return Errno::etimedout;
        case Status::closed:         return Errno::epipe;
        case Status::no_process:     return Errno::esrch;
        case Status::no_child:       return Errno::echild;
        case Status::not_executable: return Errno::enoexec;
        case Status::not_terminal:   return Errno::enotty;
        case Status::background:     return Errno::eio;
        case Status::wrong_type:     return Errno::eprototype;
        default:                     return Errno::eio;
    }
}

Errno to_errno(ipc::Failure failure) {
    return failure.from_kernel() ? to_errno(failure.error()) : to_errno(failure.status());
}

}  // namespace linux
