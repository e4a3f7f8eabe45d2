// SPDX-License-Identifier: MIT
// What the system calls itself: uname (linux/) and /proc/sys/kernel (procmgr) say the same.
#pragma once

#include <string_view>

namespace system_names {

// What programs for Linux expect: a kernel that is too old, or none, makes them give up.
inline constexpr std::string_view system = "Linux", release = "6.1.0-cluu", version = "#1 CLUU",
                                  machine = "x86_64", node = "cluu", domain = "(none)";

}  // namespace system_names
