// SPDX-License-Identifier: MIT
// Who USER means: from the texts of /etc/passwd and /etc/group.
#pragma once

#include <optional>
#include <string_view>

#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

// `user` is a name or a number, `group` one or empty: then it is the user's own, for a number that
// nobody has the same number. None: a name that nobody has.
[[nodiscard]] std::optional<Identity> find_user(std::string_view user, std::string_view group,
                                                std::string_view users, std::string_view groups);

}  // namespace procmgr
