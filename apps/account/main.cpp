// SPDX-License-Identifier: MIT
// passwd, su, sudo, useradd, userdel and who: which it is, its name says.
#include <unistd.h>
#include <string>
#include <string_view>
#include <vector>

#include "apps/account/commands.hpp"

namespace account {

namespace {

std::string own_name;

struct Command {
    std::string_view name;
    int (*run)(Words);
};
constexpr Command commands[] = {{"passwd", passwd},   {"su", su},           {"sudo", sudo},
                                {"useradd", useradd}, {"userdel", userdel}, {"who", who}};

void write_error(const std::string& text) { (void)!write(STDERR_FILENO, text.data(), text.size()); }

}  // namespace

int complain(const std::string& what) {
    write_error(own_name + ": " + what + "\n");
    return 1;
}

int show_usage(const std::string& usage) {
    write_error("usage: " + usage + "\n");
    return status_wrong_use;
}

}  // namespace account

int main(int count, char** words) {
    using namespace account;
    const std::vector<std::string> all(words, words + count);
    if (!all.empty()) own_name = all[0].substr(all[0].rfind('/') + 1);
    for (const Command& command : commands) {
        if (command.name == own_name) return command.run(Words(all).subspan(1));
    }
    own_name = "account";
    return complain("it is called as passwd, su, sudo, useradd, userdel or who");
}
