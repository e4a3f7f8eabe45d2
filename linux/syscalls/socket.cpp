// SPDX-License-Identifier: MIT
// Sockets: there is no network yet. Asking for one is answered as by a kernel without any protocol
// family, so that programs which can do without it go on.
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

std::int64_t not_a_socket(const Arguments& arguments) {
    const auto description = fd::table.get(arguments.integer(0));
    return description ? -Errno::enotsock : -description.error();
}

}  // namespace

namespace calls {

std::int64_t socket(const Arguments& /*arguments*/) { return -Errno::eafnosupport; }
std::int64_t socketpair(const Arguments& /*arguments*/) { return -Errno::eafnosupport; }

std::int64_t connect(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t accept(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t accept4(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t sendto(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t recvfrom(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t sendmsg(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t recvmsg(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t shutdown(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t bind(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t listen(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t getsockname(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t getpeername(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t setsockopt(const Arguments& arguments) { return not_a_socket(arguments); }
std::int64_t getsockopt(const Arguments& arguments) { return not_a_socket(arguments); }

}  // namespace calls
}  // namespace linux
