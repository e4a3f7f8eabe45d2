// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/identities.hpp"

#include <algorithm>
#include <array>

namespace procmgr {

namespace {

Result<void> change(Identities& to, std::uint32_t Identity::* which, const Identities& now,
                    std::array<std::uint32_t, 3> wanted) {
    const bool may_all = now.effective.user == 0;
    const std::array<std::uint32_t, 3> own{now.real.*which, now.effective.*which, now.saved.*which};
    const std::array<Identity*, 3> all{&to.real, &to.effective, &to.saved};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == process::SetIdentity::keep) {
            continue;
        }
        if (!may_all && std::ranges::find(own, wanted[i]) == own.end()) {
            return base::fail(Status::not_permitted);
        }
        all[i]->*which = wanted[i];
    }
    return {};
}

}  // namespace

Result<Identities> changed_identities(const Identities& now, const process::SetIdentity& set) {
    Identities to = now;
    TRY(change(to, &Identity::user, now, {set.real_user, set.user, set.saved_user}));
    TRY(change(to, &Identity::group, now, {set.real_group, set.group, set.saved_group}));
    return to;
}

bool is_named(const process::Nice& nice, const Process& caller, const Process& one) {
    switch (nice.which) {
        case process::Nice::of_process: return one.pid == (nice.who == 0 ? caller.pid : nice.who);
        case process::Nice::of_group:   return one.group == (nice.who == 0 ? caller.group : nice.who);
        default:                        return one.real.user == (nice.who == 0 ? caller.real.user : nice.who);
    }
}

Result<void> check_nice(const Process& caller, const Process& one, std::int32_t value) {
    const std::uint32_t user = caller.identity.user;
    if (user == 0) {
        return {};
    }
    if (user != one.real.user && user != one.identity.user) {
        return base::fail(Status::not_permitted);
    }
    return value < one.nice ? Result<void>{base::fail(Status::access_denied)} : Result<void>{};
}

}  // namespace procmgr
