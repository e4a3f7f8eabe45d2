// SPDX-License-Identifier: MIT
// What POSIX says of the three ids of users and groups, and of who may give which nice value.
#pragma once

#include "interfaces/process.hpp"
#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

// Who the process is afterwards. not_permitted: its effective user is not 0, and one of the ids is none of
// its own.
[[nodiscard]] Result<Identities> changed_identities(const Identities& now,
                                                    const process::SetIdentity& set);

// Is `one` among those that the caller means?
[[nodiscard]] bool is_named(const process::Nice& nice, const Process& caller, const Process& one);

// May the caller give it this value? not_permitted, access_denied.
[[nodiscard]] Result<void> check_nice(const Process& caller, const Process& one,
                                      std::int32_t value);

}  // namespace procmgr
