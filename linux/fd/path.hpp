// SPDX-License-Identifier: MIT
//
// Paths as text. The process keeps its current directory, and a directory descriptor keeps where it
// is, as a *tidy* path: absolute, without `.`, double or trailing slashes (the root is "/"). What a
// program names is joined to one of these and made tidy again; `..` stays, because only vfs, which
// knows the symbolic links, can resolve it. The current directory is also *clean*: without `..` and
// symbolic links, because programs ask for it.
//
// All work is done in the buffer that will be sent (the thread's message page).
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "libs/base/find_byte.hpp"

namespace linux::fd::path {

inline constexpr std::size_t longest = 4095;

struct Joined {
    std::size_t length = 0;
    bool directory = false;  // it ended in a slash or in `.`: it must name a directory
    bool dot = false;        // its last component is `.`
};

// Where in the buffer a relative path must be put for `tidy` to find it: behind base and slash.
constexpr std::size_t start_of_relative(std::string_view base) {
    return base.size() == 1 ? 1 : base.size() + 1;  // the root is "/"
}

// Is it, as it stands, a tidy absolute path? No for some that are: that are shorter than eight bytes, or have a name that
// begins with a dot. Eight bytes at a time: none may be a slash or a dot that comes after a slash, and the last no slash.
inline bool is_plainly_tidy(const char* text, std::size_t length) {
    constexpr std::uint64_t top = base::each_byte << 7;
    // The top bit of each byte that is this one, exactly.
    const auto are = [](std::uint64_t bytes, char one) {
        const std::uint64_t other = bytes ^ (base::each_byte * static_cast<unsigned char>(one));
        return ~(((other & ~top) + ~top) | other) & top;
    };
    if (length < sizeof(std::uint64_t) || text[0] != '/' || text[length - 1] == '/') {
        return false;
    }
    std::uint64_t after_slash = 0;
    std::uint64_t bad = 0;
    for (std::size_t at = 0;;) {
        std::uint64_t bytes = 0;
        __builtin_memcpy(&bytes, text + at, sizeof bytes);
        const std::uint64_t slashes = are(bytes, '/');
        bad |= (slashes << 8 | after_slash) & (slashes | are(bytes, '.'));
        after_slash = slashes >> 56;
        at += sizeof bytes;
        if (at >= length) {
            return bad == 0;
        }
        if (length - at < sizeof bytes) {  // the last eight once more, with what came before them
            at = length - sizeof bytes;
            after_slash = 0;
        }
    }
}

// The buffer holds room for a tidy base, a slash, and `length` bytes that the program named, at
// `start` (0: the name is absolute, and no base is used). Makes one tidy absolute path of it.
// Nothing if it is too long.
inline std::optional<Joined> tidy(std::span<char> buffer, std::string_view base, std::size_t start,
                                  std::size_t length) {
    if (start == 0 && length <= longest && is_plainly_tidy(buffer.first(length).data(), length)) {
        return Joined{.length = length};
    }
    std::size_t out = 0;
    if (start != 0 && base.size() != 1) {
        std::memmove(buffer.data(), base.data(), base.size());
        out = base.size();
    }
    Joined joined;
    std::size_t in = start;
    const std::size_t end = start + length;
    char* const text = buffer.first(end).data();  // one check of the bounds for all
    while (in < end) {
        if (text[in] == '/') {
            ++in;
            joined.directory = true;
            continue;
        }
        const std::size_t stop = base::find_byte(text, in, end, '/');
        const std::size_t size = stop - in;
        joined.directory = joined.dot = size == 1 && text[in] == '.';
        if (!joined.dot) {
            if (out + 1 != in) {  // most components are where they belong
                std::memmove(text + out + 1, text + in, size);
            }
            text[out] = '/';
            out += size + 1;
        }
        in = stop;
    }
    if (out == 0) {
        buffer[out++] = '/';
        joined.directory = true;
    }
    if (out > longest) {
        return std::nullopt;
    }
    joined.length = out;
    return joined;
}

// A path without its last component, and that component. Of "/a": "/" and "a".
struct Split {
    std::string_view parent, name;
};
inline Split split(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || slash == 0) {
        return {"/", path.substr(slash == 0 ? 1 : 0)};
    }
    return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace linux::fd::path
