// SPDX-License-Identifier: MIT
#include "shell/line/history.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>

#include "shell/run/output.hpp"

namespace shell {

namespace {

// The file is the person's own business: nobody else reads it.
constexpr mode_t history_mode = 0600;

bool is_worth_keeping(std::string_view line) {
    if (line.empty() || line.size() > History::longest || line[0] == ' ') return false;
    if (line == "fc" || line.starts_with("fc ")) return false;
    return std::ranges::none_of(line, [](char c) {
        auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

}  // namespace

void History::open(std::string path) {
    path_ = std::move(path);
    int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    std::string text;
    char buffer[4096];
    ssize_t count;
    while ((count = read(file, buffer, sizeof buffer)) > 0) {
        text.append(buffer, static_cast<std::size_t>(count));
    }
    close(file);
    std::string_view rest = text;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        if (is_worth_keeping(line)) lines_.emplace_back(line);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    bool grown = lines_.size() > 2 * limit;
    if (lines_.size() > limit) lines_.erase(lines_.begin(), lines_.end() - limit);
    if (grown) rewrite();
}

void History::rewrite() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    std::string fresh = path_ + ".new";
    int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, history_mode);
    if (file < 0) return;
    bool written = write_all(file, text);
    close(file);
    written ? rename(fresh.c_str(), path_.c_str()) : unlink(fresh.c_str());
}

void History::add(std::string_view line) {
    if (!is_worth_keeping(line) || (!lines_.empty() && lines_.back() == line)) return;
    lines_.emplace_back(line);
    if (path_.empty()) return;
    int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, history_mode);
    if (file < 0) return;
    write_all(file, lines_.back() + "\n");
    close(file);
}

}  // namespace shell
