// SPDX-License-Identifier: MIT
#include "apps/accounts/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace accounts {

namespace {

constexpr const char* list_name = "users.toml";
constexpr const char* copy_name = "users.toml.good";
constexpr mode_t secret_mode = 0600;
constexpr mode_t public_mode = 0644;
constexpr std::size_t longest_file = std::size_t{1} << 20;

// Nothing, and errno, if it cannot be read.
std::optional<std::string> read_file(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    std::string text;
    char buffer[4096];
    ssize_t count;
    while ((count = read(file, buffer, sizeof buffer)) > 0 && text.size() <= longest_file)
        text.append(buffer, static_cast<std::size_t>(count));
    const int error = count < 0 ? errno : EFBIG;
    close(file);
    errno = error;
    return count == 0 ? std::optional{std::move(text)} : std::nullopt;
}

bool write_whole(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// In one step. `durable`: the new contents are on the disk before the old ones lose their name, and when this returns.
bool replace_file(const std::string& path, const std::string& text, mode_t mode, bool durable) {
    const std::string fresh = path + ".new";
    unlink(fresh.c_str());
    const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) return false;
    bool done =
        write_whole(file, text) && fchmod(file, mode) == 0 && (!durable || fsync(file) == 0);
    done = close(file) == 0 && done && rename(fresh.c_str(), path.c_str()) == 0;
    const int error = errno;
    if (!done) unlink(fresh.c_str());
    errno = error;
    if (!done || !durable) return done;
    const int folder = open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) close(folder);
    return synced;
}

// What follows from the list: after a power cut it is compared with it again.
void update_file(const std::string& path, const std::string& text, mode_t mode) {
    const auto now = read_file(path);
    if (now && *now == text) return;
    (void)replace_file(path, text, mode, false);
}

}  // namespace

Store::Store(std::string folder) : folder_(std::move(folder)) {
    const auto copy = read_file(path(copy_name));
    auto users = copy ? parse_users(*copy) : std::unexpected(UsersError{});
    if (users) {
        text_ = *copy;
        users_ = std::move(*users);
    }
}

void Store::reload() {
    const auto text = read_file(path(list_name));
    if (!text) {
        seen_.clear();
        notice_ = path(list_name) + ": " + strerror(errno);
    } else if (*text == seen_) {
        return;
    } else {
        seen_ = *text;
        auto users = parse_users(*text);
        if (users) {
            accept(*text, std::move(*users));
            return;
        }
        const UsersError& error = users.error();
        notice_ = path(list_name) + ":" + std::to_string(error.line) + ":" +
                  std::to_string(error.column) + ": " + error.message;
    }
    if (!users_.users.empty()) notice_ += "; the users of before stay in force";
}

void Store::accept(std::string text, Users users) {
    text_ = std::move(text);
    users_ = std::move(users);
    notice_.clear();
    update_file(path(copy_name), text_, secret_mode);
    update_file(path("passwd"), passwd_text(users_), public_mode);
    update_file(path("group"), group_text(users_), public_mode);
}

std::optional<std::string> Store::replace(const std::string& text) {
    auto users = parse_users(text);
    if (!users) return "the new list would have a mistake: " + users.error().message;
    if (!replace_file(path(list_name), text, secret_mode, true))
        return path(list_name) + " cannot be written: " + strerror(errno);
    seen_ = text;
    accept(text, std::move(*users));
    return std::nullopt;
}

}  // namespace accounts
