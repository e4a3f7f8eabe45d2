// SPDX-License-Identifier: MIT
#include "libs/rt/log.hpp"

#include <cstring>

#include "libs/ipc/kernel_objects.hpp"
#include "libs/rt/start_info.hpp"

namespace rt {

void log_text(std::string_view text) {
    const auto log = start_info().capability<ipc::Log>("log");
    if (!log) {
        return;
    }
    std::array<std::byte, 320> saved;
    auto page = ipc::message_page().first<sizeof saved>();
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, saved.size());
        std::memcpy(saved.data(), page.data(), saved.size());
        (void)log->write(piece);
        std::memcpy(page.data(), saved.data(), saved.size());
        text.remove_prefix(piece.size());
    }
}

void log_line(const Line& line) {
    // One message, so that lines of several programs do not mix.
    std::array<char, 300> whole;
    const std::string_view name{start_info().name};
    std::size_t length = 0;
    auto add = [&](std::string_view piece) {
        const std::size_t count = std::min(piece.size(), whole.size() - length);
        std::memcpy(whole.data() + length, piece.data(), count);
        length += count;
    };
    add(name.substr(0, 31));
    add(": ");
    add(line.text());
    add("\n");
    log_text({whole.data(), length});
}

void panic(std::string_view why) {
    log("stopped: ", why);
    __builtin_trap();
}

}  // namespace rt
