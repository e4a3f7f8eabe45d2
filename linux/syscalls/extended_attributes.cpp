// SPDX-License-Identifier: MIT
// Extended attributes, and handles of files: no file system here has them, and ENOTSUP says so.
#include "linux/syscalls/table.hpp"

namespace linux::calls {

std::int64_t setxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t lsetxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t fsetxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t getxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t lgetxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t fgetxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t listxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t llistxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t flistxattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t removexattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t lremovexattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }
std::int64_t fremovexattr(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }

// As a file system answers that cannot find a file again by its number.
std::int64_t name_to_handle_at(const Arguments& /*arguments*/) { return -Errno::eopnotsupp; }

}  // namespace linux::calls
