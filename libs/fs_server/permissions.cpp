// SPDX-License-Identifier: MIT
#include "libs/fs_server/permissions.hpp"

namespace fs_server {
namespace {

constexpr std::uint32_t any_execute = 0111;
constexpr std::uint32_t sticky = 01000;

}  // namespace

bool may(const fs::Attributes& file, fs::Identity who, std::uint32_t permissions) {
    if (who.user == 0) {
        const bool runs = (permissions & Permission::execute) != 0;
        return !runs || file.kind == fs::Kind::directory || (file.mode & any_execute) != 0;
    }
    std::uint32_t granted = file.mode & 7;
    if (who.user == file.user) {
        granted = (file.mode >> 6) & 7;
    } else if (who.group == file.group) {
        granted = (file.mode >> 3) & 7;
    }
    return (permissions & ~granted) == 0;
}

bool owns(const fs::Attributes& file, fs::Identity who) {
    return who.user == 0 || who.user == file.user;
}

bool may_remove(const fs::Attributes& directory, const fs::Attributes& file, fs::Identity who) {
    if (!may(directory, who, Permission::write | Permission::execute)) {
        return false;
    }
    return (directory.mode & sticky) == 0 || owns(directory, who) || owns(file, who);
}

Status may_change(const fs::Attributes& file, fs::Identity who, std::uint32_t which,
                  const fs::Attributes& values) {
    using Set = fs::SetAttributes;
    if ((which & Set::user) != 0 && who.user != 0 &&
        (who.user != file.user || values.user != file.user)) {
        return Status::not_permitted;
    }
    if ((which & Set::group) != 0 && who.user != 0 &&
        (who.user != file.user || (values.group != who.group && values.group != file.group))) {
        return Status::not_permitted;
    }
    if ((which & (Set::mode | Set::accessed | Set::modified)) != 0 && !owns(file, who)) {
        return Status::not_permitted;
    }
    if ((which & Set::size) != 0 && !may(file, who, Permission::write)) {
        return Status::access_denied;
    }
    if ((which & (Set::accessed_now | Set::modified_now)) != 0 && !owns(file, who) &&
        !may(file, who, Permission::write)) {
        return Status::access_denied;
    }
    return Status::ok;
}

}  // namespace fs_server
