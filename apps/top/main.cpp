// SPDX-License-Identifier: MIT
// ps and top: which it is, its name says.
#include <unistd.h>
#include <cerrno>
#include <vector>

#include "apps/top/commands.hpp"

namespace top {

namespace {

std::string own_name = "top";

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

int complain(const std::string& what) {
    write_all(STDERR_FILENO, own_name + ": " + what + "\n");
    return status_failure;
}

int show_usage(std::string_view usage) {
    write_all(STDERR_FILENO, "usage: " + std::string(usage) + "\n");
    return status_wrong_use;
}

bool print(std::string_view text) { return write_all(STDOUT_FILENO, text); }

}  // namespace top

int main(int count, char** words) {
    const std::vector<std::string> all(words, words + count);
    if (!all.empty()) top::own_name = all[0].substr(all[0].rfind('/') + 1);
    const auto rest = top::Words(all).subspan(all.empty() ? 0 : 1);
    return top::own_name == "ps" ? top::ps(rest) : top::top(rest);
}
