// SPDX-License-Identifier: MIT
//
// Descriptions that live in a server of protocol `fs`: what all have (ServerFile), directories, and
// streams (terminals, other devices, named pipes). Regular files: regular_file.hpp.
#pragma once

#include <array>
#include <string>

#include "linux/fd/description.hpp"

namespace linux::fd {

// What Open answered.
struct ServerFileInfo {
    fs::Kind kind = fs::Kind::none;
    bool terminal = false;
    std::uint32_t device_major = 0, device_minor = 0;

    [[nodiscard]] std::uint32_t device_number() const { return device_major << 8 | device_minor; }
};

Result<fs::Attributes> file_attributes(ipc::Ref<fs::File> file);

// The changeable flags, as Linux numbers them and as fs::OpenFlags.
std::uint32_t to_file_flags(std::uint32_t flags);
std::uint32_t from_file_flags(std::uint32_t flags);
// Changes those in the mask; -> those in force.
Result<std::uint32_t> change_file_flags(ipc::Ref<fs::File> file, std::uint32_t mask,
                                        std::uint32_t value);

class ServerFile : public Description {
public:
    ServerFile(std::uint32_t status, ipc::Capability<fs::File> file, const ServerFileInfo& info)
        : Description(status), file_(std::move(file)), info_(info) {}

    // Shows the path, unless it is a long one.
    void keep_path(std::string_view path) {
        if (path.size() <= path_.size()) {
            path.copy(path_.data(), path.size());
            show_path({path_.data(), path.size()});
        }
    }

    Result<fs::Attributes> attributes() override;
    Result<void> set_attributes(std::uint32_t which, const fs::Attributes& to) override;
    Result<void> sync(bool data_only) override;
    std::uint32_t current_status() override;
    Result<void> change_status(std::uint32_t mask, std::uint32_t value) override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    [[nodiscard]] bool is_always_ready() const override { return true; }
    [[nodiscard]] ipc::Ref<fs::File> file() const override { return file_.ref(); }
    [[nodiscard]] fs::Kind kind() const override { return info_.kind; }
    bool describe(process::ImageDescriptor& to) const override;

protected:
    [[nodiscard]] const ServerFileInfo& info() const { return info_; }
    // It is closed.
    ipc::Capability<fs::File> take_file() { return std::move(file_); }

private:
    ipc::Capability<fs::File> file_;
    ServerFileInfo info_;
    std::array<char, 64> path_;
};

// Knows its path, for calls that name things relative to it.
class Directory final : public ServerFile {
public:
    Directory(std::uint32_t status, ipc::Capability<fs::File> file, const ServerFileInfo& info,
              std::string path)
        : ServerFile(status, std::move(file), info), path_(std::move(path)) {
        show_path(path_);
    }

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    Result<std::uint64_t> seek(std::int64_t offset, std::uint32_t whence) override;
    [[nodiscard]] std::string_view directory_path() const override { return path_; }

private:
    std::string path_;
};

// Reads and writes may wait; one message a time.
class Stream : public ServerFile {
public:
    using ServerFile::ServerFile;

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    std::uint32_t poll_news(std::uint32_t events, WakeTarget target, Arrivals& seen) override;
    [[nodiscard]] bool is_always_ready() const override { return false; }
};

// What the server of a File says is ready; it signals the target. `seen`: null, or as in
// Description::poll_news.
std::uint32_t poll_file(ipc::Ref<fs::File> file, std::uint32_t events, WakeTarget target,
                        Arrivals* seen);

// Devices without state, known by their numbers: /dev/null, zero, full, random, urandom.
class LocalDevice final : public ServerFile {
public:
    using ServerFile::ServerFile;
    static bool serves(const ServerFileInfo& info);

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    Result<std::uint64_t> seek(std::int64_t offset, std::uint32_t whence) override;
    [[nodiscard]] bool is_zero_device() const override;
    [[nodiscard]] bool is_always_ready() const override;
};

}  // namespace linux::fd
