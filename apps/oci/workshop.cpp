// SPDX-License-Identifier: MIT
#include "apps/oci/workshop.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "apps/oci/tree.hpp"
#include "libs/cluufile/cluufile.hpp"

namespace oci {

namespace {

constexpr const char* lock_name = "lock";
constexpr int most_tries = 100;

std::unexpected<std::string> trouble(const std::string& what) {
    return std::unexpected(what + ": " + strerror(errno));
}

// Held by nobody else, and still there: whoever clears up takes the lock first.
Descriptor locked(int directory, int how) {
    Descriptor lock(openat(directory, lock_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | how, 0600));
    if (!lock || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return {};
    struct stat held{}, there{};
    const bool same = fstat(lock.get(), &held) == 0 &&
                      fstatat(directory, lock_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                      held.st_ino == there.st_ino;
    return same ? std::move(lock) : Descriptor();
}

bool is_workshop(std::string_view name) {
    return name.starts_with(".import-") || name.starts_with(".build-");
}

}  // namespace

Workshop::Workshop(const std::string& folder, const char* form)
    : folder_path_(folder), folder_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!folder_) return;
    for (int i = 0; i < most_tries; ++i) {
        path_ = folder + "/" + form;
        if (mkdtemp(path_.data()) == nullptr) break;
        if (!hold()) continue;  // somebody has just cleared it up
        clear_up();
        return;
    }
    path_.clear();
}

bool Workshop::hold() {
    const Descriptor own(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (own) lock_ = locked(own.get(), O_CREAT);
    // What runs in it to make it may be somebody else.
    return lock_ && chmod(path_.c_str(), 0755) == 0;
}

void Workshop::clear_up() const {
    for (const std::string& other : names_in(folder_.get())) {
        if (!is_workshop(other) || other == name()) continue;
        const Descriptor directory(
            openat(folder_.get(), other.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!directory) continue;
        const Descriptor lock = locked(directory.get(), O_CREAT);
        // If it cannot go, there is nobody to be told, and the next will try.
        if (!lock) continue;
        [[maybe_unused]] const auto gone = remove_all(folder_.get(), other);
    }
}

Workshop::~Workshop() {
    if (path_.empty()) return;
    // If it cannot be, nobody is there any more to be told.
    [[maybe_unused]] const auto gone = remove_all(folder_.get(), name());
}

Result<void> Workshop::write(const char* name, std::string_view text) const {
    const std::string path = path_ + "/" + name;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return trouble(path);
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file || !write_all(file.get(), std::as_bytes(std::span(text)))) return trouble(path);
    return {};
}

Result<void> Workshop::become(const std::string& image) {
    if (auto right = check_name(image); !right) return right;
    const std::string to = folder_path_ + "/" + image;
    if (syncfs(folder_.get()) != 0) return trouble(folder_path_);
    if (rename(path_.c_str(), to.c_str()) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST)
            return std::unexpected("there is an image '" + image + "' already");
        return trouble(to);
    }
    path_.clear();
    (void)unlinkat(folder_.get(), (image + "/" + lock_name).c_str(), 0);
    return {};
}

Result<void> check_name(const std::string& image) {
    if (cluufile::is_image_name(image) && image != "minimal") return {};
    return std::unexpected("it needs another name: 1 to 63 of a-z 0-9 . _ -");
}

Result<void> remove_image(const std::string& name, const std::string& folder) {
    if (auto right = check_name(name); !right) return std::unexpected(name + ": no such image");
    const Workshop workshop(folder, Workshop::building);
    if (!workshop) return trouble(name);
    // In the workshop it goes with it.
    if (rename((folder + "/" + name).c_str(), (workshop.path() + "/gone").c_str()) != 0) {
        if (errno == ENOENT) return std::unexpected(name + ": no such image");
        return trouble(name);
    }
    return {};
}

}  // namespace oci
