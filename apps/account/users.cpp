// SPDX-License-Identifier: MIT
// useradd and userdel.
#include <unistd.h>
#include <charconv>

#include "apps/account/asking.hpp"

namespace account {

namespace {

int say(const std::string& text) {
    return write(STDOUT_FILENO, text.data(), text.size()) < 0 ? 1 : 0;
}

bool parse_id(const std::string& text, std::uint32_t& id) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc{} && end == text.data() + text.size() && id != accounts::any_id;
}

}  // namespace

int useradd(Words words) {
    constexpr const char* usage = "useradd [-u ID] [-s SHELL] [-a] USER    (-a: may administer)";
    accounts::AddUser add;
    std::string name, shell;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "-u" && has_value) {
            if (!parse_id(words[++i], add.id))
                return complain("`" + words[i] + "` is no id: a number from 0 to 4294967294");
        } else if (words[i] == "-s" && has_value) {
            shell = words[++i];
        } else if (words[i] == "-a") {
            add.administrator = 1;
        } else if (name.empty() && !words[i].starts_with('-')) {
            name = words[i];
        } else {
            return show_usage(usage);
        }
    }
    if (words.empty()) return show_usage(usage);
    const auto asking = Asking::open();
    if (asking == nullptr) return 1;
    const auto said = asking->with_password(
        "Your own password: ", [&](accounts::Client& client, const accounts::Secret& secret) {
            return client.ask(add, {name, secret.text(), shell});
        });
    if (!said) return 1;
    return say("Added " + name + " with the id " + std::to_string(said->answer.user) +
               ", at home in " + said->first + ".\nNobody can log in as " + name +
               " before `passwd " + name + "`.\n");
}

int userdel(Words words) {
    if (words.size() != 1 || words[0].starts_with('-')) return show_usage("userdel USER");
    const auto asking = Asking::open();
    if (asking == nullptr) return 1;
    const auto said = asking->with_password(
        "Your own password: ", [&](accounts::Client& client, const accounts::Secret& secret) {
            return client.ask(accounts::RemoveUser{}, {words[0], secret.text()});
        });
    if (!said) return 1;
    return say("Removed " + words[0] + ". What is in " + said->first + " has been left there.\n");
}

}  // namespace account
