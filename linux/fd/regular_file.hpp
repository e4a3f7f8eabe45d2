// SPDX-License-Identifier: MIT
//
// Regular files. Two things make them fast, and neither is seen from outside:
//
// The offset. It belongs to the open file description, which processes may share, so its home is the
// server. But a description that only this process holds keeps its offset here (`own`), and each
// transfer names its place; before others can get at it (fork, another image), the offset is pushed
// to the server and stays there (`shared`). A description with O_APPEND is always `shared`, because
// only the server knows where the end is.
//
// The page cache. A file that is read a lot is mapped (fs::Map) into a window; then a read is a
// copy, without a message. The first page of the mapping says how long the file is at any time. What
// the window does not cover, or what faults, is read by messages. Large writes over what is there
// already are copies too, where the file system allows it, and one message that tells of them.
#pragma once

#include <cstdint>

#include "linux/fd/entrances.hpp"
#include "linux/fd/server_file.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

// A file's page cache, mapped.
class FileWindow {
public:
    FileWindow() = default;
    FileWindow(const FileWindow&) = delete;
    FileWindow& operator=(const FileWindow&) = delete;
    ~FileWindow() { close(); }

    // False: this file cannot be mapped like that (and never will be).
    bool open(ipc::Ref<fs::File> file, bool writable);
    void close();
    void on_fork_child() { forget(); }
    [[nodiscard]] bool mapped() const { return address_ != 0; }
    [[nodiscard]] bool writable() const { return writable_; }
    [[nodiscard]] std::uint64_t file_size() const;
    // The part of the file at `offset` that is mapped, at most `count` bytes; it grows the mapping
    // when the file has grown. Empty: at the end, or out of reach (`file_size` tells).
    std::span<const std::byte> at(std::uint64_t offset, std::uint64_t count);

private:
    bool map(std::uint64_t bytes);
    void forget();

    ipc::Capability<ipc::Memory> memory_;
    std::uint64_t address_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t data_offset_ = 0;
    bool writable_ = false;
};

class RegularFile final : public ServerFile {
public:
    RegularFile(std::uint32_t status, ipc::Capability<fs::File> file, const ServerFileInfo& info,
                bool shared, const Entrances::Origin& origin = {})
        : ServerFile(status, std::move(file), info),
          origin_(origin),
          shared_(shared || (status & OpenFlag::append) != 0) {}
    ~RegularFile() override {
        if (origin_.place_after != 0) {
            entrances.close(take_file(), origin_);
        }
    }

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    std::int64_t append(UserBuffer& buffer, bool moves) override;
    Result<std::uint64_t> seek(std::int64_t offset, std::uint32_t whence) override;
    Result<void> truncate(std::uint64_t size) override;
    Result<void> allocate(const fs::Allocate& how) override;
    Result<void> change_status(std::uint32_t mask, std::uint32_t value) override;
    void share() override;
    void on_fork_child() override;

protected:
    void lock_for_fork() override __attribute__((acquire_capability(lock_)));
    void unlock_after_fork() override __attribute__((release_capability(lock_)));

private:
    std::int64_t read_at(UserBuffer& buffer, Offset offset)
        __attribute__((requires_capability(lock_)));
    std::int64_t read_mapped(UserBuffer& buffer, Offset offset)
        __attribute__((requires_capability(lock_)));
    std::int64_t write_at(UserBuffer& buffer, Offset offset)
        __attribute__((requires_capability(lock_)));
    std::uint64_t write_mapped(UserBuffer& buffer, Offset offset)
        __attribute__((requires_capability(lock_)));
    void push_offset() __attribute__((requires_capability(lock_)));

    const Entrances::Origin origin_;
    Mutex lock_;
    bool shared_ __attribute__((guarded_by(lock_)));
    Offset offset_ __attribute__((guarded_by(lock_))) = 0;
    Offset pushed_ __attribute__((guarded_by(lock_))) = 0;           // where the server's offset is
    std::uint32_t messages_ __attribute__((guarded_by(lock_))) = 0;  // reads without a window
    bool unmappable_ __attribute__((guarded_by(lock_))) = false;
    bool unwritable_ __attribute__((guarded_by(lock_))) = false;  // by a mapping
    // How far this description has written: before that, a write does not make the file longer.
    Offset written_end_ __attribute__((guarded_by(lock_))) = 0;
    FileWindow window_ __attribute__((guarded_by(lock_)));
};

// Moves a whole buffer by messages, a page at a time. current_offset: the server's.
std::int64_t read_by_messages(ipc::Ref<fs::File> file, UserBuffer& buffer, Offset offset);
// `flags`: of fs::Write.
std::int64_t write_by_messages(ipc::Ref<fs::File> file, UserBuffer& buffer, Offset offset,
                               std::uint32_t flags = 0);

}  // namespace linux::fd
