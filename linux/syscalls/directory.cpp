// SPDX-License-Identifier: MIT
// getdents64 and getdents: the server's records become Linux's.
#include <algorithm>
#include <cstring>

#include "abi/linux/file.hpp"
#include "libs/base/align.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/own_files.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

// DT_ values.
std::uint8_t entry_type(fs::Kind kind) {
    switch (kind) {
        case fs::Kind::fifo:             return 1;
        case fs::Kind::character_device: return 2;
        case fs::Kind::directory:        return 4;
        case fs::Kind::block_device:     return 6;
        case fs::Kind::regular:          return 8;
        case fs::Kind::symbolic_link:    return 10;
        case fs::Kind::socket:           return 12;
        default:                         return 0;
    }
}

enum class Format : std::uint8_t { modern, old };

std::size_t record_length(Format format, std::size_t name) {
    // The old record has the type as its last byte.
    const std::size_t bytes = format == Format::modern
                                  ? linux_abi::directory_entry64_name + name + 1
                                  : linux_abi::directory_entry_name + name + 2;
    return base::align_up(bytes, 8);
}

Result<void> write_record(std::uint64_t to, Format format, const fs::DirectoryEntry& entry,
                          const char* name) {
    constexpr std::size_t longest = 288;
    char record[longest] = {};
    const std::size_t length = record_length(format, entry.name_length);
    const auto short_length = static_cast<std::uint16_t>(length);
    std::memcpy(record, &entry.inode, 8);
    std::memcpy(record + 8, &entry.next_cursor, 8);
    std::memcpy(record + 16, &short_length, 2);
    if (format == Format::modern) {
        record[18] = static_cast<char>(entry_type(entry.kind));
        std::memcpy(record + linux_abi::directory_entry64_name, name, entry.name_length);
    } else {
        std::memcpy(record + linux_abi::directory_entry_name, name, entry.name_length);
        record[length - 1] = static_cast<char>(entry_type(entry.kind));
    }
    return user::copy_out(to, record, length);
}

// Writes the records of one answer; stops before what does not fit. `cursor`: where to go on.
// -> bytes written.
Result<std::uint64_t> write_records(std::span<const std::byte> records, std::uint64_t to,
                                    std::uint64_t room, Format format, std::uint64_t& cursor) {
    std::uint64_t written = 0;
    std::size_t at = 0;
    fs::DirectoryEntry entry;
    while (ipc::read_payload(records, entry, at)) {
        if (entry.record_length < sizeof entry + entry.name_length ||
            entry.name_length > linux_abi::name_max || entry.record_length > records.size() - at) {
            return base::fail(Errno::eio);
        }
        const std::size_t length = record_length(format, entry.name_length);
        if (length > room - written) {
            break;
        }
        const auto* name =
            reinterpret_cast<const char*>(records.data() + at + sizeof(fs::DirectoryEntry));
        TRY(write_record(to + written, format, entry, name));
        written += length;
        cursor = entry.next_cursor;
        at += entry.record_length;
    }
    return written;
}

// Of a directory that this library makes up.
Result<std::int64_t> get_own_entries(fd::OwnDirectory& directory, const Arguments& arguments,
                                     Format format) {
    std::uint64_t written = 0;
    const std::uint64_t room = arguments.word(2);
    while (const fd::OwnDirectory::Entry* entry = directory.next()) {
        const std::size_t length = record_length(format, entry->name.size());
        if (length > room - written) {
            return written == 0 ? Result<std::int64_t>{base::fail(Errno::einval)}
                                : static_cast<std::int64_t>(written);
        }
        const std::uint64_t next = directory.position() + 1;
        TRY(write_record(arguments[1] + written, format,
                         {.inode = directory.id() << 20 | next,
                          .next_cursor = next,
                          .name_length = static_cast<std::uint16_t>(entry->name.size()),
                          .kind = entry->kind},
                         entry->name.data()));
        directory.advance();
        written += length;
    }
    return static_cast<std::int64_t>(written);
}

Result<std::int64_t> get_entries(const Arguments& arguments, Format format) {
    const fd::Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    if (description->kind() != fs::Kind::directory) {
        return base::fail(Errno::enotdir);
    }
    if (fd::OwnDirectory* own = description->own_directory()) {
        return get_own_entries(*own, arguments, format);
    }
    const std::uint64_t room = arguments.word(2);
    const std::uint64_t to = arguments[1];
    const auto answer = TRY(or_errno(ipc::call(description->file(), fs::ReadDirectory{})));
    if (answer.payload.empty()) {
        return 0;
    }
    std::uint64_t cursor = answer.reply.next_cursor;
    const std::uint64_t written = TRY(write_records(answer.payload, to, room, format, cursor));
    if (cursor != answer.reply.next_cursor || written == 0) {
        // Not all fitted: the server's position goes back to behind the last one that did.
        TRY(description->seek(static_cast<std::int64_t>(cursor), fs::Seek::from_start));
    }
    if (written == 0) {
        return base::fail(Errno::einval);
    }
    return static_cast<std::int64_t>(written);
}

}  // namespace

namespace calls {

std::int64_t getdents64(const Arguments& arguments) {
    return to_return(get_entries(arguments, Format::modern));
}
std::int64_t getdents(const Arguments& arguments) {
    return to_return(get_entries(arguments, Format::old));
}

}  // namespace calls
}  // namespace linux
