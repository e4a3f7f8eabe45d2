// SPDX-License-Identifier: MIT
#include "linux/fd/regular_file.hpp"

#include <algorithm>
#include <limits>

#include "libs/base/align.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/fd/windows.hpp"

namespace linux::fd {

namespace {

// A mapping pays off for a read of this many bytes, or after so many small ones.
constexpr std::uint64_t large_read = 16 * 1024;
constexpr std::uint32_t many_reads = 8;
constexpr std::uint64_t large_write = 8 * 1024;

// A count of what was moved before an error hides the error, as in Linux.
std::int64_t moved_or(std::uint64_t moved, Errno error) {
    return moved != 0 ? static_cast<std::int64_t>(moved) : -error;
}

// Linux moves nothing whose end would have no offset any more.
bool ends_beyond(Offset offset, std::uint64_t count) {
    return offset > static_cast<Offset>(std::numeric_limits<std::int64_t>::max()) - count;
}

}  // namespace

bool FileWindow::open(ipc::Ref<fs::File> file, bool writable) {
    auto answer =
        ipc::call(file, fs::Map{.write = writable ? fs::Map::announced : fs::Map::read_only});
    if (!answer) {
        return false;
    }
    const auto address = file_windows.take();
    if (!address) {
        return false;
    }
    memory_ = answer->take<ipc::Memory>();
    address_ = *address;
    writable_ = writable;
    data_offset_ = answer->reply.data_offset;
    const std::uint64_t bytes = data_offset_ + answer->reply.size;
    if (data_offset_ < sizeof(fs::FileHeader) || data_offset_ > abi::page_size * 16 ||
        bytes < data_offset_ || !map(bytes)) {
        close();
        return false;
    }
    return true;
}

bool FileWindow::map(std::uint64_t bytes) {
    bytes = std::min(base::align_up(std::min(bytes, FileWindows::slot_bytes), abi::page_size),
                     FileWindows::slot_bytes);
    if (bytes_ != 0) {
        (void)ipc::own_space()->unmap(address_, bytes_);
        bytes_ = 0;
    }
    const auto mapped = ipc::own_space()->map(
        memory_, {.address = address_,
                  .length = bytes,
                  .flags = abi::MapFlags::read | (writable_ ? abi::MapFlags::write : 0) |
                           abi::MapFlags::on_clone_drop});
    if (mapped) {
        bytes_ = bytes;
    }
    return static_cast<bool>(mapped);
}

void FileWindow::close() {
    if (bytes_ != 0) {
        (void)ipc::own_space()->unmap(address_, bytes_);
    }
    forget();
}

// In a forked child the mapping is gone already.
void FileWindow::forget() {
    if (address_ != 0) {
        file_windows.give_back(address_);
    }
    memory_.reset();
    address_ = 0;
    bytes_ = 0;
}

std::uint64_t FileWindow::file_size() const {
    return reinterpret_cast<const volatile fs::FileHeader*>(address_)->size;
}

std::span<const std::byte> FileWindow::at(std::uint64_t offset, std::uint64_t count) {
    const std::uint64_t size = file_size();
    if (size == fs::FileHeader::moved) {
        close();
        return {};
    }
    if (offset >= size) {
        return {};
    }
    count = std::min(count, size - offset);
    const std::uint64_t reach = FileWindows::slot_bytes - data_offset_;
    if (offset >= reach) {
        return {};
    }
    if (data_offset_ + offset + count > bytes_ && bytes_ < FileWindows::slot_bytes &&
        (size > reach || data_offset_ + size > bytes_) && !map(data_offset_ + size)) {
        close();
        return {};
    }
    if (data_offset_ + offset >= bytes_) {
        return {};
    }
    count = std::min(count, bytes_ - data_offset_ - offset);
    return {reinterpret_cast<const std::byte*>(address_ + data_offset_ + offset), count};
}

std::int64_t read_by_messages(ipc::Ref<fs::File> file, UserBuffer& buffer, Offset offset) {
    std::uint64_t moved = 0;
    while (buffer.remaining() != 0) {
        const auto length =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(buffer.remaining(), 4096));
        const Offset from = offset == current_offset ? offset : offset + moved;
        auto answer = ipc::call(file, fs::Read{.offset = from, .length = length});
        if (!answer) {
            return moved_or(moved, to_errno(answer.error()));
        }
        const std::size_t count = std::min<std::size_t>(answer->payload.size(), length);
        if (const auto put = buffer.put(answer->payload.first(count)); !put) {
            return moved_or(moved, put.error());
        }
        moved += count;
        if (count < length) {
            break;
        }
    }
    return static_cast<std::int64_t>(moved);
}

std::int64_t write_by_messages(ipc::Ref<fs::File> file, UserBuffer& buffer, Offset offset,
                               std::uint32_t flags) {
    std::uint64_t moved = 0;
    while (buffer.remaining() != 0) {
        const std::uint64_t length = std::min<std::uint64_t>(buffer.remaining(), 4096);
        const auto page = ipc::message_page().first(length);
        if (const auto got = buffer.get(page); !got) {
            return moved_or(moved, got.error());
        }
        const Offset to = offset == current_offset ? offset : offset + moved;
        const auto answer =
            ipc::call(file, fs::Write{.offset = to, .flags = flags}, {.payload = page});
        if (!answer) {
            return moved_or(moved, to_errno(answer.error()));
        }
        const std::uint64_t count = std::min(answer->reply.count, length);
        moved += count;
        if (count < length) {
            break;
        }
    }
    return static_cast<std::int64_t>(moved);
}

// -EIO: by messages, please.
std::int64_t RegularFile::read_mapped(UserBuffer& buffer, Offset offset) {
    std::uint64_t moved = 0;
    while (buffer.remaining() != 0) {
        const auto part = window_.at(offset + moved, buffer.remaining());
        if (part.empty()) {
            const bool at_end = window_.mapped() && offset + moved >= window_.file_size();
            return moved != 0 || at_end ? static_cast<std::int64_t>(moved) : -Errno::eio;
        }
        if (!buffer.put(part)) {
            return moved_or(moved, Errno::eio);
        }
        moved += part.size();
    }
    return static_cast<std::int64_t>(moved);
}

std::int64_t RegularFile::read_at(UserBuffer& buffer, Offset offset) {
    if (ends_beyond(offset, buffer.remaining())) {
        return -Errno::einval;
    }
    if (!window_.mapped() && !unmappable_ &&
        (buffer.remaining() >= large_read || ++messages_ > many_reads)) {
        unmappable_ = !window_.open(file(), false);
    }
    if (window_.mapped()) {
        if (const std::int64_t count = read_mapped(buffer, offset); count >= 0) {
            return count;
        }
    }
    return read_by_messages(file(), buffer, offset);
}

std::int64_t RegularFile::read(UserBuffer& buffer, Offset offset) {
    MutexGuard guard{lock_};
    if (offset != current_offset) {
        return read_at(buffer, offset);
    }
    if (shared_) {
        return read_by_messages(file(), buffer, current_offset);
    }
    const std::int64_t count = read_at(buffer, offset_);
    offset_ += count > 0 ? static_cast<std::uint64_t>(count) : 0;
    return count;
}

// -> how much of the buffer's start lies within the file and was copied there.
std::uint64_t RegularFile::write_mapped(UserBuffer& buffer, Offset offset) {
    std::uint64_t moved = 0;
    while (buffer.remaining() != 0) {
        const auto part = window_.at(offset + moved, buffer.remaining());
        const auto to = std::span{const_cast<std::byte*>(part.data()), part.size()};
        if (part.empty() || !buffer.get(to)) {
            break;
        }
        moved += part.size();
    }
    return moved;
}

std::int64_t RegularFile::write_at(UserBuffer& buffer, Offset offset) {
    if (ends_beyond(offset, buffer.remaining())) {
        return -Errno::einval;
    }
    const bool appends = (status() & OpenFlag::append) != 0;
    const bool grows =
        buffer.remaining() > written_end_ || offset > written_end_ - buffer.remaining();
    std::uint64_t moved = 0;
    if (buffer.remaining() >= large_write && !grows && readable() && !appends && !unwritable_) {
        if (!window_.mapped() || !window_.writable()) {
            window_.close();
            unwritable_ = !window_.open(file(), true);
        }
        moved = window_.mapped() ? write_mapped(buffer, offset) : 0;
    }
    if (moved != 0) {
        if (const auto told = or_errno(ipc::call(file(), fs::Written{})); !told) {
            return -told.error();
        }
        if (buffer.remaining() == 0) {
            return static_cast<std::int64_t>(moved);
        }
    }
    const std::int64_t rest = write_by_messages(file(), buffer, offset + moved);
    if (rest < 0) {
        return moved != 0 ? static_cast<std::int64_t>(moved) : rest;
    }
    moved += static_cast<std::uint64_t>(rest);
    written_end_ = std::max(written_end_, offset + moved);
    return static_cast<std::int64_t>(moved);
}

std::int64_t RegularFile::write(UserBuffer& buffer, Offset offset) {
    MutexGuard guard{lock_};
    if (offset != current_offset) {
        return write_at(buffer, offset);
    }
    if (shared_) {
        return write_by_messages(file(), buffer, current_offset);
    }
    const std::int64_t count = write_at(buffer, offset_);
    offset_ += count > 0 ? static_cast<std::uint64_t>(count) : 0;
    return count;
}

std::int64_t RegularFile::append(UserBuffer& buffer, bool moves) {
    MutexGuard guard{lock_};
    if (moves) {
        push_offset();
    }
    return write_by_messages(file(), buffer, moves ? current_offset : 0, fs::Write::at_end);
}

Result<std::uint64_t> RegularFile::seek(std::int64_t offset, std::uint32_t whence) {
    MutexGuard guard{lock_};
    if (!shared_ && whence <= fs::Seek::from_current) {
        const auto from = whence == fs::Seek::from_start ? 0 : static_cast<std::int64_t>(offset_);
        std::int64_t to = 0;
        if (__builtin_add_overflow(from, offset, &to)) {
            return base::fail(Errno::eoverflow);
        }
        if (to < 0) {
            return base::fail(Errno::einval);
        }
        offset_ = static_cast<Offset>(to);
        return offset_;
    }
    const auto answer =
        TRY(or_errno(ipc::call(file(), fs::Seek{.offset = offset, .whence = whence})));
    offset_ = answer.reply.offset;
    pushed_ = offset_;
    return offset_;
}

Result<void> RegularFile::truncate(std::uint64_t size) {
    TRY(or_errno(ipc::call(file(), fs::Truncate{.size = size})));
    MutexGuard guard{lock_};
    written_end_ = size;
    return {};
}

Result<void> RegularFile::allocate(const fs::Allocate& how) {
    TRY(or_errno(ipc::call(file(), how)));
    return {};
}

Result<void> RegularFile::change_status(std::uint32_t mask, std::uint32_t value) {
    if ((mask & (status() ^ value) & OpenFlag::append) != 0) {
        share();
    }
    return ServerFile::change_status(mask, value);
}

void RegularFile::push_offset() {
    if (!shared_ && offset_ != pushed_) {
        (void)ipc::call(file(), fs::Seek{.offset = static_cast<std::int64_t>(offset_),
                                         .whence = fs::Seek::from_start});
    }
    shared_ = true;
}

void RegularFile::share() {
    MutexGuard guard{lock_};
    push_offset();
}

void RegularFile::lock_for_fork() {
    lock_.lock();
    push_offset();
}

void RegularFile::unlock_after_fork() { lock_.unlock(); }

void RegularFile::on_fork_child() __attribute__((no_thread_safety_analysis)) {
    window_.on_fork_child();
}

}  // namespace linux::fd
