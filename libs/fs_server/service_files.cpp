// SPDX-License-Identifier: MIT
// Operations on open files.
#include "libs/fs_server/directory_records.hpp"
#include "libs/fs_server/service.hpp"

namespace fs_server {
namespace {

// No file reaches this far; an offset may stand beyond.
constexpr std::uint64_t max_offset = std::uint64_t{1} << 62;

Status check_kind(const OpenFile& file) {
    if (file.has(fs::OpenFlags::path_only)) {
        return Status::bad_handle;
    }
    if (file.kind == fs::Kind::directory) {
        return Status::is_directory;
    }
    return file.kind == fs::Kind::regular ? Status::ok : Status::unsupported;
}

Status check_readable(const OpenFile& file) {
    const Status status = check_kind(file);
    const bool may = file.has(fs::OpenFlags::read) || file.has(fs::OpenFlags::execute);
    return status == Status::ok && !may ? Status::bad_handle : status;
}

Status check_writable(const OpenFile& file) {
    const Status status = check_kind(file);
    return status == Status::ok && !file.has(fs::OpenFlags::write) ? Status::bad_handle : status;
}

}  // namespace

Result<fs::Read::Reply> Service::handle(const fs::Read& read, ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    if (const Status bad = check_readable(*file); bad != Status::ok) {
        return base::fail(bad);
    }
    const bool at_current = read.offset == fs::current_offset;
    const std::uint64_t offset = at_current ? file->offset : read.offset;
    if (offset >= max_offset) {
        return fs::Read::Reply{};
    }
    const auto length = std::min<std::size_t>(read.length, abi::message_bytes);
    // Looking for a name may need the message page, where the data will be.
    if (watchers_.any() && is_named_to_others(*file)) {
        (void)name_of(*file);
    }
    const std::size_t count =
        TRY(file->backend->read(file->inode, offset, request.reply_payload().first(length)));
    if (at_current) {
        file->offset += count;
    }
    if (count != 0) {
        note(*file, fs::Event::accessed);
    }
    request.set_reply_length(count);
    return fs::Read::Reply{};
}

Result<fs::Write::Reply> Service::handle(const fs::Write& write, ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    if (const Status bad = check_writable(*file); bad != Status::ok) {
        return base::fail(bad);
    }
    const bool at_current = write.offset == fs::current_offset;
    std::uint64_t offset = at_current ? file->offset : write.offset;
    if (file->has(fs::OpenFlags::append) || (write.flags & fs::Write::at_end) != 0) {
        offset = TRY(file->backend->attributes(file->inode)).size;
    }
    if (offset >= max_offset) {
        return base::fail(Status::too_big);
    }
    file->backend->note_contents(file->inode);
    const std::size_t count = TRY(file->backend->write(file->inode, offset, request.payload()));
    if (at_current) {
        file->offset = offset + count;
    }
    if (count != 0) {
        note(*file, fs::Event::modified);
    }
    return fs::Write::Reply{.count = count};
}

Result<fs::Seek::Reply> Service::handle(const fs::Seek& seek, ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    const bool seekable = file->kind == fs::Kind::regular || file->kind == fs::Kind::directory;
    if (!seekable) {
        return base::fail(Status::not_seekable);
    }
    std::uint64_t from = 0;
    switch (seek.whence) {
        case fs::Seek::from_start:   break;
        case fs::Seek::from_current: from = file->offset; break;
        case fs::Seek::from_end:     from = TRY(file->backend->attributes(file->inode)).size; break;
        case fs::Seek::data:
        case fs::Seek::hole:         {
            // Without knowledge of holes all is data, up to the one hole at the end.
            const std::uint64_t size = TRY(file->backend->attributes(file->inode)).size;
            if (seek.offset < 0 || static_cast<std::uint64_t>(seek.offset) >= size) {
                return base::fail(Status::out_of_range);
            }
            from =
                seek.whence == fs::Seek::data ? 0 : size - static_cast<std::uint64_t>(seek.offset);
            break;
        }
        default: return base::fail(Status::invalid);
    }
    std::int64_t target = 0;
    if (__builtin_add_overflow(static_cast<std::int64_t>(from), seek.offset, &target) ||
        target < 0) {
        return base::fail(Status::invalid);
    }
    file->offset = static_cast<std::uint64_t>(target);
    return fs::Seek::Reply{.offset = file->offset};
}

Result<fs::GetAttributes::Reply> Service::handle(const fs::GetAttributes&, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    request.set_reply_object(TRY(file->backend->attributes(file->inode)));
    return fs::GetAttributes::Reply{};
}

Result<fs::ReadDirectory::Reply> Service::handle(const fs::ReadDirectory& read,
                                                 ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    if (file->kind != fs::Kind::directory) {
        return base::fail(Status::not_directory);
    }
    if (file->has(fs::OpenFlags::path_only)) {
        return base::fail(Status::bad_handle);
    }
    const bool at_current = read.cursor == fs::current_offset;
    const std::uint64_t cursor = at_current ? file->offset : read.cursor;
    const auto length = std::min<std::size_t>(read.length, abi::message_bytes);
    // Not in the message page: the back end may use it between two entries.
    std::array<std::byte, abi::message_bytes> buffer;
    DirectoryRecords records{std::span{buffer}.first(length), cursor};
    TRY(file->backend->list(file->inode, cursor, records));
    if (records.too_small()) {
        return base::fail(Status::invalid);
    }
    if (at_current) {
        file->offset = records.next_cursor();
    }
    note(*file, fs::Event::accessed);
    request.set_reply_payload(std::span{buffer}.first(records.used()));
    return fs::ReadDirectory::Reply{.next_cursor = records.next_cursor()};
}

Result<fs::Truncate::Reply> Service::handle(const fs::Truncate& truncate, ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    if (const Status bad = check_writable(*file); bad != Status::ok) {
        return base::fail(bad == Status::bad_handle ? Status::invalid : bad);
    }
    if (truncate.size >= max_offset) {
        return base::fail(Status::too_big);
    }
    file->backend->note_contents(file->inode);
    TRY(file->backend->truncate(file->inode, truncate.size));
    note(*file, fs::Event::modified);
    return fs::Truncate::Reply{};
}

Result<fs::Sync::Reply> Service::handle(const fs::Sync& sync, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    TRY(file->backend->sync(file->inode, sync.data_only != 0));
    return fs::Sync::Reply{};
}

Result<fs::Map::Reply> Service::handle(const fs::Map& map, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    const bool writable = map.write != fs::Map::read_only;
    const bool announced = map.write == fs::Map::announced;
    if (const Status bad = check_writable(*file); writable && bad != Status::ok) {
        return base::fail(bad);
    }
    if (const Status bad = check_readable(*file); (!writable || announced) && bad != Status::ok) {
        return base::fail(bad);
    }
    if (announced && !file->backend->takes_announced()) {
        return base::fail(Status::unsupported);
    }
    MappedFile mapped = TRY(file->backend->map(file->inode, writable));
    request.add_capability(std::move(mapped.memory));
    return fs::Map::Reply{.data_offset = mapped.data_offset, .size = mapped.size};
}

Result<fs::Written::Reply> Service::handle(const fs::Written&, ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    if (const Status bad = check_writable(*file); bad != Status::ok) {
        return base::fail(bad);
    }
    file->backend->note_contents(file->inode);
    TRY(file->backend->note_written(file->inode));
    note(*file, fs::Event::modified);
    return fs::Written::Reply{};
}

Result<fs::Allocate::Reply> Service::handle(const fs::Allocate& allocate, ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    if (const Status bad = check_writable(*file); bad != Status::ok) {
        return base::fail(bad);
    }
    if (allocate.length == 0) {
        return base::fail(Status::invalid);
    }
    if (allocate.offset >= max_offset || allocate.length >= max_offset - allocate.offset) {
        return base::fail(Status::too_big);
    }
    const std::uint64_t end = allocate.offset + allocate.length;
    file->backend->note_contents(file->inode);
    TRY(file->backend->allocate(file->inode, allocate.offset, allocate.length));
    if (allocate.keep_size == 0 && end > TRY(file->backend->attributes(file->inode)).size) {
        TRY(file->backend->truncate(file->inode, end));
    }
    note(*file, fs::Event::modified);
    return fs::Allocate::Reply{};
}

Result<fs::SetStatusFlags::Reply> Service::handle(const fs::SetStatusFlags& set,
                                                  ipc::Request& request) {
    OpenFile* file = TRY(file_of(request));
    const std::uint32_t mask = set.mask & fs::OpenFlags::changeable;
    file->flags = (file->flags & ~mask) | (set.value & mask);
    return fs::SetStatusFlags::Reply{.flags = file->flags};
}

// Files never make anybody wait, but for sockets that listen.
Result<fs::Poll::Reply> Service::handle(const fs::Poll& poll, ipc::Request& request) {
    TRY(file_of(request));
    if (listeners_.is_listening(request.badge())) {
        return listeners_.poll(request.badge(), poll, request);
    }
    return fs::Poll::Reply{.ready = poll.events & (fs::Poll::readable | fs::Poll::writable)};
}

Result<fs::OpenPipe::Reply> Service::handle(const fs::OpenPipe& open, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    if (file->kind != fs::Kind::fifo || file->has(fs::OpenFlags::path_only)) {
        return base::fail(Status::bad_handle);
    }
    return pipes_.open({.backend = file->backend,
                        .inode = file->inode,
                        .badge = request.badge(),
                        .reads = file->has(fs::OpenFlags::read),
                        .writes = file->has(fs::OpenFlags::write),
                        .waits = open.no_wait == 0,
                        .gives_up = open.no_wait == fs::OpenPipe::if_met},
                       host_, request);
}

Result<fs::Listen::Reply> Service::handle(const fs::Listen& listen, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    if (file->kind != fs::Kind::socket) {
        return base::fail(Status::invalid);
    }
    const auto attributes = TRY(file->backend->attributes(file->inode));
    if (file->opener.user != 0 && file->opener.user != attributes.user) {
        return base::fail(Status::access_denied);
    }
    TRY(listeners_.listen({file->backend, file->inode}, request.badge(), file->opener, listen));
    return fs::Listen::Reply{};
}

Result<fs::Connect::Reply> Service::handle(const fs::Connect& connect, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    if (file->kind != fs::Kind::socket || !file->has(fs::OpenFlags::write)) {
        return base::fail(Status::bad_handle);
    }
    return listeners_.connect({file->backend, file->inode}, file->opener, connect, request);
}

Result<fs::Accept::Reply> Service::handle(const fs::Accept& accept, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    fs::Accept how = accept;
    how.no_wait |= file->has(fs::OpenFlags::non_block) ? 1 : 0;
    return listeners_.accept(request.badge(), how, request);
}

Result<fs::Lock::Reply> Service::handle(const fs::Lock& lock, ipc::Request& request) {
    using Reply = fs::Lock::Reply;
    const OpenFile* file = TRY(file_of(request));
    if (file->has(fs::OpenFlags::path_only) || lock.kind > fs::Lock::query) {
        return base::fail(Status::invalid);
    }
    const std::uint64_t end = lock.length == 0
                                  ? Locks::to_end
                                  : base::add(lock.start, lock.length).value_or(Locks::to_end);
    const FileLock wanted{.file = {file->backend, file->inode},
                          .owner = {.process = lock.owner, .description = request.badge()},
                          .start = lock.start,
                          .end = end,
                          .exclusive = lock.kind != fs::Lock::shared};
    if (lock.kind == fs::Lock::unlock) {
        if (const Status bad = locks_.clear(wanted); bad != Status::ok) {
            return base::fail(bad);
        }
        retry_locks(wanted.file);
        return Reply{.kind = fs::Lock::unlock};
    }
    const auto other = locks_.conflict(wanted);
    if (lock.kind == fs::Lock::query) {
        if (!other) {
            return Reply{.kind = fs::Lock::unlock};
        }
        return Reply{.start = other->start,
                     .length = other->end == Locks::to_end ? 0 : other->end - other->start,
                     .owner = other->owner.process,
                     .kind = other->exclusive ? fs::Lock::exclusive : fs::Lock::shared};
    }
    if (lock.wait == 0) {
        end_waits(wanted);
    }
    if (!other) {
        if (const Status bad = locks_.set(wanted); bad != Status::ok) {
            return base::fail(bad);
        }
        retry_locks(wanted.file);  // an exclusive lock may have become a shared one
        return Reply{.kind = lock.kind};
    }
    if (lock.wait == 0) {
        return base::fail(Status::would_block);
    }
    return wait_for(wanted, request);
}

Result<fs::Lock::Reply> Service::wait_for(const FileLock& lock, ipc::Request& request) {
    const auto through_this = [&](const WaitingLock& one) {
        return one.lock.owner.description == request.badge();
    };
    auto reply = TRY(request.defer());
    auto& waiting = waiting_[lock.file];
    // Some may have been interrupted and never have asked again; the oldest make room.
    if (std::ranges::count_if(waiting, through_this) >= std::ptrdiff_t{most_waiting}) {
        const auto oldest = std::ranges::find_if(waiting, through_this);
        (void)oldest->reply.fail(Status::interrupted);
        waiting.erase(oldest);
    }
    waiting.push_back({lock, std::move(reply)});
    return fs::Lock::Reply{};
}

void Service::end_waits(const FileLock& lock) {
    const auto waiting = waiting_.find(lock.file);
    if (waiting == waiting_.end()) {
        return;
    }
    std::erase_if(waiting->second, [&](WaitingLock& one) {
        const bool ends = one.lock.same_place(lock);
        if (ends) {
            (void)one.reply.fail(
                Status::interrupted);  // of another thread, perhaps: it waits again
        }
        return ends;
    });
    if (waiting->second.empty()) {
        waiting_.erase(waiting);
    }
}

// The description is no more.
void Service::end_locks(std::uint64_t badge) {
    const OpenFile* file = files_.find(badge);
    if (file == nullptr) {
        return;
    }
    const LockedFile of{file->backend, file->inode};
    if (const auto waiting = waiting_.find(of); waiting != waiting_.end()) {
        std::erase_if(waiting->second, [badge](const WaitingLock& one) {
            return one.lock.owner.description == badge;
        });
        if (waiting->second.empty()) {
            waiting_.erase(waiting);
        }
    }
    if (locks_.drop(of, badge)) {
        retry_locks(of);
    }
}

// Locks of the file have ended.
void Service::retry_locks(const LockedFile& file) {
    const auto found = waiting_.find(file);
    if (found == waiting_.end()) {
        return;
    }
    auto& waiting = found->second;
    for (auto at = waiting.begin(); at != waiting.end();) {
        if (locks_.conflict(at->lock)) {
            ++at;
            continue;
        }
        WaitingLock granted = std::move(*at);
        at = waiting.erase(at);
        const Status status = locks_.set(granted.lock);
        if (status != Status::ok) {
            (void)granted.reply.fail(status);
        } else if (!granted.reply.answer<fs::Lock>(
                       {.kind = granted.lock.exclusive ? fs::Lock::exclusive : fs::Lock::shared})) {
            // Who waited is gone or was interrupted.
            (void)locks_.clear(granted.lock);
            at = waiting.begin();
        }
    }
    if (waiting.empty()) {
        waiting_.erase(found);
    }
}

}  // namespace fs_server
