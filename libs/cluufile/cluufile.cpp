// SPDX-License-Identifier: MIT
// What can be asked of a parsed Cluufile, and how its errors are shown.
#include "libs/cluufile/cluufile.hpp"

#include <charconv>

namespace cluufile {

namespace {

constexpr std::size_t shown_of_found = 40;

// Appends to a buffer, and drops silently what does not fit.
class Writer {
public:
    explicit Writer(std::span<char> buffer) : buffer_(buffer) {}

    void put(char c) {
        if (size_ < buffer_.size()) buffer_[size_++] = c;
    }
    void put(std::string_view text) {
        for (char c : text) put(c);
    }
    void put(std::uint32_t number) {
        char digits[10];
        auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
        put(std::string_view(digits, static_cast<std::size_t>(end - digits)));
    }
    // Bytes that could disturb a terminal are shown by their number.
    void put_found(std::string_view text) {
        for (char c : text.substr(0, shown_of_found)) {
            auto byte = static_cast<unsigned char>(c);
            if (byte >= 0x20 && byte < 0x7f) {
                put(c);
            } else {
                put("\\x");
                put("0123456789abcdef"[byte >> 4]);
                put("0123456789abcdef"[byte & 15]);
            }
        }
        if (text.size() > shown_of_found) put("...");
    }
    std::string_view text() const { return {buffer_.data(), size_}; }

private:
    std::span<char> buffer_;
    std::size_t size_ = 0;
};

}  // namespace

bool is_at_or_below(std::string_view path, std::string_view directory) {
    if (directory == "/") return path.starts_with('/');
    if (!path.starts_with(directory)) return false;
    return path.size() == directory.size() || path[directory.size()] == '/';
}

MountMode Cluufile::mode_at(std::string_view path) const {
    const Mount* best = nullptr;
    for (const Mount& mount : mounts) {
        if (!is_at_or_below(path, mount.path)) continue;
        if (best == nullptr || mount.path.size() > best->path.size()) best = &mount;
    }
    return best == nullptr ? MountMode::none : best->mode;
}

std::string_view format(const Error& error, std::span<char> buffer) {
    Writer out(buffer);
    out.put(error.file);
    out.put(':');
    out.put(error.line);
    out.put(':');
    out.put(error.column);
    out.put(": found ");
    if (error.found.empty()) {
        out.put("the end of the line");
    } else {
        out.put('\'');
        out.put_found(error.found);
        out.put('\'');
    }
    out.put(", expected ");
    out.put(error.expected);
    if (error.earlier != 0) {
        out.put(' ');
        out.put(error.earlier);
    }
    return out.text();
}

std::string_view name_of(MountMode mode) {
    switch (mode) {
        case MountMode::none:     return "none";
        case MountMode::private_: return "private";
        case MountMode::readonly: return "readonly";
        case MountMode::inherit:  return "inherit";
        case MountMode::image:    return "image";
    }
    return "";
}

std::string_view name_of(RestartPolicy policy) {
    switch (policy) {
        case RestartPolicy::no:         return "no";
        case RestartPolicy::always:     return "always";
        case RestartPolicy::on_failure: return "on-failure";
    }
    return "";
}

std::string_view name_of(Rights rights) {
    constexpr std::string_view names[] = {"",
                                          "read",
                                          "write",
                                          "read write",
                                          "create",
                                          "read create",
                                          "write create",
                                          "read write create",
                                          "start",
                                          "read start",
                                          "write start",
                                          "read write start",
                                          "create start",
                                          "read create start",
                                          "write create start",
                                          "read write create start"};
    return names[rights.raw() & 15];
}

}  // namespace cluufile
