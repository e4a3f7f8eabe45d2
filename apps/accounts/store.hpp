// SPDX-License-Identifier: MIT
// The files: /etc/users.toml, a copy of its last good contents, and the tables that follow from it.
//
// The list is read anew for each request. If it has a mistake, what was there before stays in force, also after
// a restart: that is what the copy is for.
#pragma once

#include <optional>
#include <string>

#include "apps/accounts/users.hpp"

namespace accounts {

class Store {
public:
    // Where the files are; for tests another folder than /etc.
    explicit Store(std::string folder);

    // Reads it again if it has changed.
    void reload();
    // What is wrong with the file now, in words for a person; or empty.
    [[nodiscard]] const std::string& notice() const { return notice_; }
    // Empty: there never was a good list, and nobody can log in.
    [[nodiscard]] const Users& users() const { return users_; }
    // The text in force. Not to be changed while there is a notice: that would lose what the person wrote.
    [[nodiscard]] const std::string& text() const { return text_; }

    // Puts a new text in the file's place: in one step, and on the disk when this returns. -> what went wrong.
    std::optional<std::string> replace(const std::string& text);

private:
    [[nodiscard]] std::string path(const char* name) const { return folder_ + "/" + name; }
    void accept(std::string text, Users users);

    std::string folder_;
    std::string seen_;  // the file's text when it was read last, good or not
    std::string text_;
    Users users_;
    std::string notice_;
};

}  // namespace accounts
