// SPDX-License-Identifier: MIT
#include "linux/entry/report.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "libs/ipc/kernel_objects.hpp"
#include "linux/process/exit.hpp"
#include "linux/process/state.hpp"

namespace linux {
namespace {

constexpr std::uint32_t signal_segv = 11;

}  // namespace

NumberText::NumberText(std::uint64_t value, int base)
    : length_(static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof text_, value, base).ptr -
                                       text_)) {}

void report(std::initializer_list<std::string_view> words) {
    std::array<char, 512> line;
    std::size_t length = 0;
    auto add = [&](std::string_view word) {
        const std::size_t count = std::min(word.size(), line.size() - length);
        std::copy_n(word.data(), count, line.data() + length);
        length += count;
    };
    add("linux: process ");
    add(NumberText{identity().pid});
    add(": ");
    for (const std::string_view word : words) {
        add(word);
    }
    line[std::min(length, line.size() - 1)] = '\n';
    length = std::min(length + 1, line.size());
    (void)ipc::Ref<ipc::Log> { process::own_log } -> write({line.data(), length});
}

void die(std::initializer_list<std::string_view> words) {
    report(words);
    exit_process(signal_segv);
}

}  // namespace linux

extern "C" [[noreturn]] void cluu_std_abort(const char* text) noexcept {
    linux::die({"broken assumption in the Linux library: ", text});
}
