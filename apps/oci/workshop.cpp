// SPDX-License-Identifier: MIT
#include "apps/oci/workshop.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
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

constexpr std::string_view place_form = ".image-XXXXXX", place_prefix = ".image-";
constexpr std::string_view link_prefix = ".link-";

// Between this and its end nobody else says what the names of images lead to.
Descriptor order_of(int folder) {
    Descriptor lock(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    while (lock && flock(lock.get(), LOCK_EX) != 0 && errno == EINTR && interrupted == 0) {
    }
    return lock;
}

// Where an image is that was built or imported; empty: it is none.
std::string place_of(int folder, const std::string& image) {
    std::array<char, 64> target;
    const ssize_t length = readlinkat(folder, image.c_str(), target.data(), target.size());
    const std::string_view text(target.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
    const bool is_place =
        text.size() == place_form.size() && text.starts_with(place_prefix) && !text.contains('/');
    return is_place ? std::string(text) : std::string();
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
    if (syncfs(folder_.get()) != 0) return trouble(folder_path_);
    const Descriptor order = order_of(folder_.get());
    struct stat there{};
    const bool is_there = fstatat(folder_.get(), image.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there && place_of(folder_.get(), image).empty())
        return std::unexpected("there is an image '" + image +
                               "' already, which is not one that was built or imported");
    std::string place = folder_path_ + "/" + std::string(place_form);
    if (mkdtemp(place.data()) == nullptr) return trouble(place);
    // Over the empty one.
    if (rename(path_.c_str(), place.c_str()) != 0) {
        const int error = errno;
        (void)rmdir(place.c_str());
        errno = error;
        return trouble(place);
    }
    path_ = place;
    const std::string link = std::string(link_prefix) + name().substr(place_prefix.size()),
                      to = name();
    if (symlinkat(to.c_str(), folder_.get(), link.c_str()) != 0) return trouble(link);
    if (renameat(folder_.get(), link.c_str(), folder_.get(), image.c_str()) != 0) {
        const int error = errno;
        (void)unlinkat(folder_.get(), link.c_str(), 0);
        errno = error;
        return trouble(folder_path_ + "/" + image);
    }
    path_.clear();
    (void)unlinkat(folder_.get(), (to + "/" + lock_name).c_str(), 0);
    return {};
}

void Workshop::clear_old(const Used& used) const {
    if (!used) return;
    std::set<std::string> wanted = *used;
    std::vector<std::string> unwanted;
    {
        const Descriptor order = order_of(folder_.get());
        const auto names = names_in(folder_.get());
        for (const std::string& name : names) {
            // What a power cut left of one that was to replace another.
            if (name.starts_with(link_prefix))
                (void)unlinkat(folder_.get(), name.c_str(), 0);
            else
                wanted.insert(place_of(folder_.get(), name));
        }
        for (const std::string& name : names) {
            if (name.starts_with(place_prefix) && !wanted.contains(name)) unwanted.push_back(name);
        }
    }
    // Nobody comes to want them any more. If one cannot go, the next will try.
    for (const std::string& name : unwanted) [[maybe_unused]]
        const auto gone = remove_all(folder_.get(), name);
}

Result<void> check_name(const std::string& image) {
    if (cluufile::is_image_name(image) && image != "minimal") return {};
    return std::unexpected("it needs another name: 1 to 63 of a-z 0-9 . _ -");
}

Result<void> remove_image(const std::string& name, const std::string& folder, const Used& used) {
    if (auto right = check_name(name); !right) return std::unexpected(name + ": no such image");
    const Workshop workshop(folder, Workshop::building);
    if (!workshop) return trouble(name);
    const int images = workshop.folder_.get();
    // One that came with the system goes with the workshop.
    const int failed =
        place_of(images, name).empty()
            ? renameat(images, name.c_str(), AT_FDCWD, (workshop.path() + "/gone").c_str())
            : unlinkat(images, name.c_str(), 0);
    if (failed != 0) {
        if (errno == ENOENT) return std::unexpected(name + ": no such image");
        return trouble(name);
    }
    workshop.clear_old(used);
    return {};
}

Result<Descriptor> open_files(int folder, const std::string& image) {
    const std::string place = place_of(folder, image);
    auto files = open_directory(folder, (place.empty() ? image : place) + "/root", false);
    if (!files) return std::unexpected(image + ": it has no files of its own");
    return Descriptor(*files);
}

}  // namespace oci
