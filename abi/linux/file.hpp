// SPDX-License-Identifier: MIT
// Files as Linux x86-64 programs see them: flags of open and fcntl, and the structures that stat,
// statx, statfs, getdents and fcntl fill in.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linux_abi {

inline constexpr std::int32_t at_cwd = -100;
inline constexpr std::size_t path_max = 4096;  // with the terminating zero
inline constexpr std::size_t name_max = 255;
inline constexpr std::size_t pipe_buf = 4096;

struct OpenFlag {
    static constexpr std::uint32_t access_mode = 3;
    static constexpr std::uint32_t read_only = 0, write_only = 1, read_write = 2;
    static constexpr std::uint32_t create = 0100;
    static constexpr std::uint32_t exclusive = 0200;
    static constexpr std::uint32_t no_terminal = 0400;
    static constexpr std::uint32_t truncate = 01000;
    static constexpr std::uint32_t append = 02000;
    static constexpr std::uint32_t non_block = 04000;
    static constexpr std::uint32_t data_sync = 010000;
    static constexpr std::uint32_t async = 020000;
    static constexpr std::uint32_t direct = 040000;
    static constexpr std::uint32_t large_file = 0100000;
    static constexpr std::uint32_t directory = 0200000;
    static constexpr std::uint32_t no_follow = 0400000;
    static constexpr std::uint32_t no_access_time = 01000000;
    static constexpr std::uint32_t close_on_exec = 02000000;
    static constexpr std::uint32_t sync = 04010000;
    static constexpr std::uint32_t path = 010000000;
    static constexpr std::uint32_t temporary = 020200000;
    // F_SETFL changes these, for all who share the description.
    static constexpr std::uint32_t changeable =
        append | non_block | async | direct | no_access_time;
};

struct AtFlag {
    static constexpr std::uint32_t no_follow = 0x100;
    static constexpr std::uint32_t remove_directory = 0x200;  // unlinkat
    static constexpr std::uint32_t effective_access = 0x200;  // faccessat
    static constexpr std::uint32_t follow = 0x400;            // linkat
    static constexpr std::uint32_t no_automount = 0x800;
    static constexpr std::uint32_t empty_path = 0x1000;
    static constexpr std::uint32_t statx_sync_type = 0x6000;
};

struct RenameFlag {
    static constexpr std::uint32_t no_replace = 1, exchange = 2, whiteout = 4;
};

struct FileType {  // the bits of st_mode
    static constexpr std::uint32_t mask = 0170000;
    static constexpr std::uint32_t fifo = 0010000;
    static constexpr std::uint32_t character = 0020000;
    static constexpr std::uint32_t directory = 0040000;
    static constexpr std::uint32_t block = 0060000;
    static constexpr std::uint32_t regular = 0100000;
    static constexpr std::uint32_t symbolic_link = 0120000;
    static constexpr std::uint32_t socket = 0140000;
};

struct FileTimespec {
    std::int64_t seconds, nanoseconds;
};
struct FileTimeval {
    std::int64_t seconds, microseconds;
};
inline constexpr std::int64_t utime_now = 0x3fffffff;
inline constexpr std::int64_t utime_omit = 0x3ffffffe;

struct Stat {
    std::uint64_t device;
    std::uint64_t inode;
    std::uint64_t links;
    std::uint32_t mode;
    std::uint32_t user, group;
    std::uint32_t padding;
    std::uint64_t special_device;
    std::int64_t size;
    std::int64_t block_size;
    std::int64_t blocks;
    FileTimespec accessed, modified, changed;
    std::int64_t reserved[3];
};
static_assert(sizeof(Stat) == 144 && offsetof(Stat, size) == 48);

struct StatxTime {
    std::int64_t seconds;
    std::uint32_t nanoseconds;
    std::int32_t reserved;
};
struct Statx {
    std::uint32_t mask;
    std::uint32_t block_size;
    std::uint64_t attributes;
    std::uint32_t links;
    std::uint32_t user, group;
    std::uint16_t mode;
    std::uint16_t padding;
    std::uint64_t inode;
    std::uint64_t size;
    std::uint64_t blocks;
    std::uint64_t attributes_mask;
    StatxTime accessed, born, changed, modified;
    std::uint32_t special_major, special_minor;
    std::uint32_t device_major, device_minor;
    std::uint64_t reserved[14];
};
static_assert(sizeof(Statx) == 256 && offsetof(Statx, accessed) == 64);
inline constexpr std::uint32_t statx_basic = 0x7ff;
inline constexpr std::uint32_t statx_reserved = 0x80000000;

struct Statfs {
    std::int64_t type, block_size;
    std::uint64_t blocks, free_blocks, available_blocks;
    std::uint64_t files, free_files;
    std::int32_t id[2];
    std::int64_t name_length, fragment_size, flags;
    std::int64_t spare[4];
};
static_assert(sizeof(Statfs) == 120);

// The name follows, then a zero byte; in the older form the type is the record's last byte.
struct DirectoryEntry64 {
    std::uint64_t inode;
    std::int64_t next;
    std::uint16_t record_length;
    std::uint8_t type;
    char name[1];
};
inline constexpr std::size_t directory_entry64_name = 19;
inline constexpr std::size_t directory_entry_name = 18;

struct Fcntl {
    static constexpr std::uint32_t duplicate = 0, get_descriptor = 1, set_descriptor = 2,
                                   get_status = 3, set_status = 4, get_lock = 5, set_lock = 6,
                                   set_lock_wait = 7, set_owner = 8, get_owner = 9;
    static constexpr std::uint32_t open_get_lock = 36, open_set_lock = 37, open_set_lock_wait = 38;
    static constexpr std::uint32_t duplicate_close_on_exec = 1030, set_pipe_size = 1031,
                                   get_pipe_size = 1032;
    static constexpr std::uint32_t add_seals = 1033, get_seals = 1034;
    static constexpr std::uint64_t descriptor_close_on_exec = 1;
};
struct FileLock {
    static constexpr std::int16_t read = 0, write = 1, unlock = 2;
    std::int16_t type;
    std::int16_t whence;
    std::int64_t start, length;
    std::int32_t pid;
};
struct FlockOperation {
    static constexpr std::uint32_t shared = 1, exclusive = 2, no_wait = 4, unlock = 8;
};

struct SeekWhence {
    static constexpr std::uint32_t set = 0, current = 1, end = 2, data = 3, hole = 4;
};

struct SpliceFlag {
    static constexpr std::uint32_t move = 1, non_block = 2, more = 4, gift = 8;
    static constexpr std::uint32_t all = move | non_block | more | gift;
};

struct IoVector {
    std::uint64_t base;
    std::uint64_t length;
};
inline constexpr std::size_t io_vector_max = 1024;
inline constexpr std::uint64_t transfer_max = 0x7ffff000;  // one read or write moves no more

// Device numbers: 12 + 20 bits of major and minor, spread as Linux spreads them.
constexpr std::uint64_t make_device(std::uint32_t major, std::uint32_t minor) {
    return (std::uint64_t{minor} & 0xff) | ((std::uint64_t{major} & 0xfff) << 8) |
           ((std::uint64_t{minor} & ~std::uint64_t{0xff}) << 12) |
           ((std::uint64_t{major} & ~std::uint64_t{0xfff}) << 32);
}
constexpr std::uint32_t device_major(std::uint64_t device) {
    return static_cast<std::uint32_t>(((device >> 8) & 0xfff) | ((device >> 32) & ~0xfffULL));
}
constexpr std::uint32_t device_minor(std::uint64_t device) {
    return static_cast<std::uint32_t>((device & 0xff) | ((device >> 12) & ~0xffULL));
}

}  // namespace linux_abi
