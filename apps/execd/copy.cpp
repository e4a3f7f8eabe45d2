// SPDX-License-Identifier: MIT
//
// Files and folders in and out, between /var/exec on the disk and wherever the command wants them,
// which may be another file system (/tmp is in memory).

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "apps/execd/protocol.hpp"

namespace execd {
namespace {

std::string failure(const std::string& what, const std::string& path) {
    return what + " " + path + ": " + std::strerror(errno);
}

void make_parents(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        mkdir(path.substr(0, at).c_str(),
              0755);  // one that is missing shows itself at the next step
    }
}

std::string copy_file(const std::string& from, const std::string& to, mode_t mode) {
    const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC);
    if (in < 0) return failure("cannot read", from);
    const int out = open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (out < 0) {
        const std::string result = failure("cannot write", to);
        close(in);
        return result;
    }
    std::string result;
    std::vector<char> buffer(64 * 1024);
    ssize_t n = 0;
    while (result.empty() && (n = read(in, buffer.data(), buffer.size())) > 0) {
        for (ssize_t done = 0; done < n && result.empty();) {
            const ssize_t part =
                write(out, buffer.data() + done, static_cast<std::size_t>(n - done));
            if (part < 0) result = failure("cannot write", to);
            done += part;
        }
    }
    if (n < 0) result = failure("cannot read", from);
    if (fchmod(out, mode & 07777) != 0 && result.empty())
        result = failure("cannot set the mode of", to);
    close(in);
    if (close(out) != 0 && result.empty()) result = failure("cannot write", to);
    return result;
}

std::string copy_any(const std::string& from, const std::string& to);

std::string copy_folder(const std::string& from, const std::string& to, mode_t mode) {
    if (mkdir(to.c_str(), mode & 07777) != 0 && errno != EEXIST) return failure("cannot make", to);
    std::unique_ptr<DIR, int (*)(DIR*)> folder{opendir(from.c_str()), closedir};
    if (!folder) return failure("cannot read", from);
    while (const dirent* entry = readdir(folder.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        const std::string result = copy_any(from + "/" + name, to + "/" + name);
        if (!result.empty()) return result;
    }
    return "";
}

std::string copy_any(const std::string& from, const std::string& to) {
    struct stat info{};
    if (lstat(from.c_str(), &info) != 0) return failure("cannot find", from);
    if (S_ISDIR(info.st_mode)) return copy_folder(from, to, info.st_mode);
    if (!S_ISLNK(info.st_mode)) return copy_file(from, to, info.st_mode);
    std::string target(4096, '\0');
    const ssize_t size = readlink(from.c_str(), target.data(), target.size());
    if (size < 0) return failure("cannot read", from);
    target.resize(static_cast<std::size_t>(size));
    unlink(to.c_str());
    return symlink(target.c_str(), to.c_str()) == 0 ? "" : failure("cannot make", to);
}

}  // namespace

std::string move_in(const std::string& from, const std::string& to) {
    make_parents(to);
    struct stat info{};
    // A folder that is there already receives the new files; anything else is replaced.
    const bool merges = lstat(to.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    if (!merges && rename(from.c_str(), to.c_str()) == 0) return "";
    return copy_any(from, to);
}

std::string copy_out(const std::string& from, const std::string& to) {
    make_parents(to);
    return copy_any(from, to);
}

}  // namespace execd
