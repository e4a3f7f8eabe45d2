// SPDX-License-Identifier: MIT
//
// Files of /proc that tell about the own process: its descriptors, which can be opened again by these names, and what only
// this library knows: what its view shows. procmgr has these names too, so that they are where /proc is and nowhere else.
//
// The contents are those of the moment when the file was opened; a listing, of its first reading.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "linux/fd/description.hpp"

namespace linux::fd {

class OwnText final : public Description {
public:
    OwnText(std::uint32_t status, std::string text) : Description(status), text_(std::move(text)) {}

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    Result<std::uint64_t> seek(std::int64_t offset, std::uint32_t whence) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    bool describe(process::ImageDescriptor& /*to*/) const override { return false; }

private:
    std::string text_;
    std::atomic<std::uint64_t> offset_ = 0;
};

class OwnDirectory final : public Description {
public:
    struct Entry {
        std::string name;
        fs::Kind kind;
    };
    using List = std::vector<Entry> (*)();
    OwnDirectory(std::uint32_t status, std::string path, List list)
        : Description(status), path_(std::move(path)), list_(list) {}

    // The next entry, or null at the end. `advance` takes it.
    const Entry* next();
    void advance() { position_.fetch_add(1); }
    [[nodiscard]] std::uint64_t position() const { return position_.load(); }

    Result<std::uint64_t> seek(std::int64_t offset, std::uint32_t whence) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    [[nodiscard]] bool is_always_ready() const override { return true; }
    [[nodiscard]] fs::Kind kind() const override { return fs::Kind::directory; }
    [[nodiscard]] std::string_view directory_path() const override { return path_; }
    [[nodiscard]] OwnDirectory* own_directory() override { return this; }
    bool describe(process::ImageDescriptor& /*to*/) const override { return false; }

private:
    std::string path_;
    List list_;
    std::vector<Entry> entries_;
    std::atomic<std::uint64_t> position_ = 0;
};

// An empty handle: it is no such file.
Result<Handle> open_own_file(std::string_view path, std::uint32_t status);

}  // namespace linux::fd
