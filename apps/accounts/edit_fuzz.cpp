// SPDX-License-Identifier: MIT
// Any file: it is read or refused, and each change to it changes one thing alone.
#include <cstdint>
#include <cstdlib>

#include "apps/accounts/edit.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

const std::string hash = "$argon2id$v=19$new";

void check_changes(std::string_view text, const accounts::Users& before) {
    const accounts::User& user = before.users.front();
    if (const auto changed = accounts::with_password(text, user.name, hash)) {
        auto wanted = before;
        wanted.users.front().password_hash = hash;
        require(*accounts::parse_users(*changed) == wanted);
    }
    if (const auto changed = accounts::without_user(text, user.name)) {
        auto wanted = before;
        wanted.users.erase(wanted.users.begin());
        require(*accounts::parse_users(*changed) == wanted);
    }
    const accounts::User fresh{.name = "fresh", .id = 4'000'000, .group = 1, .home = "/home/fresh"};
    if (const auto changed = accounts::with_user(text, fresh)) {
        require(accounts::parse_users(*changed)->users.size() == before.users.size() + 1);
    }
    (void)accounts::passwd_text(before);
    (void)accounts::group_text(before);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    // What the fuzzer seldom finds by itself is put before it.
    const std::string whole =
        "[[user]]\nname = \"a\"\nid = 1\nhome = \"/\"\npassword = \"$argon2id$x\"\n" + text;
    for (const std::string& one : {text, whole}) {
        if (const auto users = accounts::parse_users(one)) check_changes(one, *users);
    }
    return 0;
}
