// SPDX-License-Identifier: MIT
#include "apps/oci/descriptor.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace oci {

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

bool write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

Result<std::string> read_text(int file, std::size_t most) {
    FileRange source(file, 0, most + 1);
    std::string text;
    std::array<std::byte, 4096> buffer;
    for (;;) {
        auto count = source.read(buffer);
        if (!count) return std::unexpected(count.error());
        if (*count == 0) break;
        text.append(reinterpret_cast<const char*>(buffer.data()), *count);
    }
    if (text.size() > most) return std::unexpected("it is longer than it can be");
    return text;
}

std::vector<std::string> names_in(int directory) {
    std::vector<std::string> names;
    const int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* listing = again < 0 ? nullptr : fdopendir(again);
    if (listing == nullptr) {
        if (again >= 0) close(again);
        return names;
    }
    while (const dirent* entry = readdir(listing)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    closedir(listing);
    std::ranges::sort(names);
    return names;
}

}  // namespace oci
