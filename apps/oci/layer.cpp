// SPDX-License-Identifier: MIT
#include "apps/oci/layer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include "apps/oci/descriptor.hpp"

namespace oci {

namespace {

constexpr std::size_t longest_target = 4096;
constexpr std::uint32_t permissions = 0777;

std::unexpected<std::string> trouble(const std::string& path) {
    return std::unexpected("'" + path + "': " + strerror(errno));
}

class LayerWriter {
public:
    explicit LayerWriter(Sink& to) : archive_(to) {}

    Result<void> add_all(int directory, const std::string& prefix) {
        for (const std::string& name : names_in(directory)) {
            if (auto done = add(directory, name, prefix + name); !done) return done;
        }
        return {};
    }
    Result<void> finish() { return archive_.finish(); }

private:
    Result<void> add(int directory, const std::string& name, const std::string& path) {
        struct stat there{};
        if (fstatat(directory, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0)
            return trouble(path);
        // Of directories and links no import keeps the time: the same image makes the same bytes.
        Entry entry{.path = path,
                    .mode = there.st_mode & permissions,
                    .modified = S_ISREG(there.st_mode) ? there.st_mtim.tv_sec : 0};
        if (S_ISDIR(there.st_mode)) return add_directory(directory, name, entry);
        if (S_ISLNK(there.st_mode)) return add_link(directory, name, entry);
        if (!S_ISREG(there.st_mode))
            return std::unexpected("'" + path + "' is no file, directory or link");
        if (there.st_nlink > 1) {
            const auto [first, is_new] =
                linked_.try_emplace(std::pair{there.st_dev, there.st_ino}, path);
            if (!is_new) {
                entry.kind = Entry::Kind::hard_link;
                entry.target = first->second;
                return archive_.begin(entry);
            }
        }
        entry.size = static_cast<std::uint64_t>(there.st_size);
        return add_file(directory, name, entry);
    }

    Result<void> add_directory(int directory, const std::string& name, Entry& entry) {
        const Descriptor inner(
            openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!inner) return trouble(entry.path);
        entry.kind = Entry::Kind::directory;
        entry.path += '/';
        if (auto done = archive_.begin(entry); !done) return done;
        return add_all(inner.get(), entry.path);
    }

    Result<void> add_link(int directory, const std::string& name, Entry& entry) {
        std::array<char, longest_target> target;
        const ssize_t length = readlinkat(directory, name.c_str(), target.data(), target.size());
        if (length < 0) return trouble(entry.path);
        entry.kind = Entry::Kind::symbolic_link;
        entry.mode = permissions;
        entry.target.assign(target.data(), static_cast<std::size_t>(length));
        return archive_.begin(entry);
    }

    Result<void> add_file(int directory, const std::string& name, const Entry& entry) {
        const Descriptor file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (!file) return trouble(entry.path);
        if (auto done = archive_.begin(entry); !done) return done;
        FileRange source(file.get(), 0, entry.size);
        std::array<std::byte, 16384> buffer;
        for (std::uint64_t left = entry.size; left != 0;) {
            auto count = source.read(buffer);
            if (!count) return std::unexpected("'" + entry.path + "': " + count.error());
            if (*count == 0) return std::unexpected("'" + entry.path + "' was changed meanwhile");
            if (auto done = archive_.write(std::span(buffer).first(*count)); !done) return done;
            left -= *count;
        }
        return {};
    }

    TarWriter archive_;
    std::map<std::pair<dev_t, ino_t>, std::string> linked_;  // by their first names
};

}  // namespace

Result<void> write_layer(int directory, Sink& to) {
    LayerWriter writer(to);
    if (auto done = writer.add_all(directory, ""); !done) return done;
    return writer.finish();
}

}  // namespace oci
