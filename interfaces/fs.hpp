// SPDX-License-Identifier: MIT
// Protocol `fs`: directories and open files.
//
// Two kinds of object. A Directory resolves paths: it is the root of a file system (as vfs holds
// them) or a whole view (as processes hold it, served by vfs). An open File is a badge of the file
// system's own process: one open file description in the sense of POSIX, with its offset and its
// append flag, shared by all who hold a copy of the capability. When the last copy disappears (drop
// message) it is closed. Who holds the only copy can close it by a message, too, and keep the
// capability for the next file that it opens (Close).
//
// Paths. To a view: absolute. To a file system: relative to its root, components separated by
// single slashes, no `.` and no `..`. A file system that meets a symbolic link on the way (or at
// the end, where the operation follows) does not follow it: it answers `redirected`, with the path
// to go on with in the payload. vfs joins it and starts again (at most 40 times).
//
// Identity. vfs fills in `Identity` of the caller; what a client wrote there is overwritten. File
// systems serve paths to vfs only, so they can trust it, and check mode bits where they walk. An
// open File keeps the identity of who opened it, for operations on it.
//
// vfs calls file systems and waits for them. So the thread of a file system that serves a Directory
// must never call vfs, nor wait for somebody who does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fs {

struct Directory;  // tags for ipc::Capability<>
struct File;
struct Manager;  // the right to make further file systems in one server
struct Server;   // the right to AwaitCloses, and to nothing else

// Badges that a file system's endpoint is minted with by whoever starts it: its first root (a
// Directory), and its Manager. Other badges are the server's own affair.
inline constexpr std::uint64_t root_badge = std::uint64_t{1} << 63;
inline constexpr std::uint64_t manager_badge = std::uint64_t{3} << 62;

enum class Kind : std::uint8_t {
    none,
    regular,
    directory,
    symbolic_link,
    character_device,
    block_device,
    fifo,
    socket
};

struct Identity {
    std::uint32_t user = 0;
    std::uint32_t group = 0;
};

// How a path operation ended, when it did not fail.
enum class Redirected : std::uint32_t {
    no = 0,
    from_view_root,   // the payload is an absolute path of the view
    from_mount_root,  // the payload is a path relative to this file system's root
};

struct Timestamp {  // since 1970-01-01 UTC
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    std::uint32_t reserved = 0;
};

struct Attributes {
    std::uint64_t device =
        0;  // identifies the file system; filled in by vfs or by the server at start
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::uint64_t blocks = 0;  // of 512 bytes
    std::uint32_t mode = 0;    // permission bits and set-id/sticky (07777); the kind is apart
    Kind kind = Kind::none;
    std::uint8_t reserved[3] = {};
    std::uint32_t links = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint32_t block_size = 4096;
    std::uint32_t device_major = 0;  // of a device node
    std::uint32_t device_minor = 0;
    Timestamp accessed, modified, changed;
};

inline constexpr std::uint32_t max_path = 4095;
inline constexpr std::uint32_t max_name = 255;
inline constexpr std::uint64_t current_offset = ~std::uint64_t{0};

struct OpenFlags {
    static constexpr std::uint32_t read = 1;
    static constexpr std::uint32_t write = 2;
    static constexpr std::uint32_t append = 4;
    static constexpr std::uint32_t create = 8;
    static constexpr std::uint32_t exclusive = 0x10;
    static constexpr std::uint32_t truncate = 0x20;
    static constexpr std::uint32_t directory = 0x40;  // fail unless it is one
    static constexpr std::uint32_t no_follow =
        0x80;  // a symbolic link at the end is an error (too_many_links)
    static constexpr std::uint32_t path_only = 0x100;  // no reading or writing, only attributes
    static constexpr std::uint32_t execute =
        0x200;  // needs the execute permission; the file is read to be run
    static constexpr std::uint32_t nameless =
        0x800;  // a new regular file without a name; the path is the directory's that it is made for
    static constexpr std::uint32_t read_only_view =
        0x400;  // set by vfs: the view may not change the file system by this File
    static constexpr std::uint32_t sealable = 0x10000;  // of a nameless file: it takes seals (Seal)
    static constexpr std::uint32_t unheard = 0x20000;   // who watches does not hear of this File
    // Of a description, only kept for all its holders; terminals give non_block its meaning.
    static constexpr std::uint32_t non_block = 0x1000, async = 0x2000, direct = 0x4000;
    static constexpr std::uint32_t no_access_time = 0x8000;
    static constexpr std::uint32_t changeable =
        append | non_block | async | direct | no_access_time;
};

// ---- operations on a Directory: the payload holds the path
// -----------------------------------------------------------

struct Open {
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_payload = max_path;
    static constexpr std::size_t reply_capabilities = 1;  // the File (none if redirected)
    std::uint32_t flags = 0;
    std::uint32_t mode = 0;  // for create, the umask already applied
    Identity identity;
    // 0, or the number of an empty File, which was opened through this entrance: this is the File then,
    // and none comes along. busy: it is not empty (any more), and nothing has happened.
    std::uint64_t into = 0;
    struct Reply {
        Redirected redirected = Redirected::no;
        Kind kind = Kind::none;
        std::uint8_t terminal = 0;  // the File also speaks protocol `tty`
        std::uint16_t reserved = 0;
        std::uint32_t device_major = 0, device_minor = 0;
        std::uint64_t size = 0;
        std::uint64_t inode = 0;
        std::uint64_t device = 0;
    };
};

struct GetPathAttributes {  // stat, lstat
    static constexpr std::uint16_t label = 2;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_payload = max_path;  // Attributes, or the path if redirected
    std::uint32_t follow = 1;
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
        std::uint32_t reserved = 0;
        // Versions (interfaces/entrance.hpp) of the file system that alone has answered: it is true while they stand, and, of a
        // view's, if the names stood there before it was asked. 0: it is not to be remembered.
        std::uint64_t names = 0, contents = 0;
    };
};

struct MakeNode {  // mkdir, mknod, mkfifo
    static constexpr std::uint16_t label = 3;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_payload = max_path;
    Kind kind = Kind::directory;
    std::uint8_t reserved[3] = {};
    std::uint32_t mode = 0;
    std::uint32_t device_major = 0, device_minor = 0;
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
    };
};

struct Remove {  // unlink, rmdir
    static constexpr std::uint16_t label = 4;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_payload = max_path;
    std::uint32_t directory = 0;  // 1: must be an empty directory; 0: must not be a directory
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
    };
};

struct Rename {  // payload: both paths, `first_length` bytes of the first and then the second
    static constexpr std::uint16_t label = 5;
    static constexpr std::size_t payload = 4096;
    static constexpr std::size_t reply_payload = max_path;
    static constexpr std::uint32_t no_replace = 1;
    static constexpr std::uint32_t exchange = 2;
    std::uint32_t first_length = 0;
    std::uint32_t flags = 0;
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
        std::uint32_t which = 0;  // the path that is redirected: 0 the first, 1 the second
    };
};

struct Link {  // payload: existing path, new path, as in Rename. Does not follow the existing one's
               // last component
    static constexpr std::uint16_t label = 6;
    static constexpr std::size_t payload = 4096;
    static constexpr std::size_t reply_payload = max_path;
    std::uint32_t first_length = 0;
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
        std::uint32_t which = 0;
    };
};

struct MakeSymbolicLink {  // payload: the target (any text), then the new path
    static constexpr std::uint16_t label = 7;
    static constexpr std::size_t payload = 4096;
    static constexpr std::size_t reply_payload = max_path;
    std::uint32_t first_length = 0;
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
    };
};

struct ReadSymbolicLink {
    static constexpr std::uint16_t label = 8;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_payload =
        max_path;  // the target, or the path if redirected on the way
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
    };
};

// Changes attributes. Also an operation on a File, without a path.
struct SetAttributes {
    static constexpr std::uint16_t label = 9;
    static constexpr std::size_t payload = 4096;  // Attributes, then the path: what fits
    static constexpr std::size_t reply_payload = max_path;
    static constexpr std::uint32_t mode = 1, user = 2, group = 4, size = 8, accessed = 0x10,
                                   modified = 0x20;
    static constexpr std::uint32_t accessed_now = 0x40, modified_now = 0x80;
    std::uint32_t which = 0;
    std::uint32_t follow = 1;
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
    };
};

struct CheckAccess {
    static constexpr std::uint16_t label = 10;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_payload = max_path;
    std::uint32_t mode = 0;  // as in permission bits: 4 read, 2 write, 1 execute; 0: does it exist
    std::uint32_t follow = 1;
    Identity identity;
    struct Reply {
        Redirected redirected = Redirected::no;
    };
};

struct GetUsage {  // statfs. On a Directory (payload: path) or a File
    static constexpr std::uint16_t label = 11;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_payload = max_path;
    struct Reply {
        Redirected redirected = Redirected::no;
        std::uint32_t block_size = 4096;
        std::uint64_t blocks = 0, free_blocks = 0;
        std::uint64_t inodes = 0, free_inodes = 0;
        std::uint32_t type = 0;  // the file system's kind: 1 ext2, 2 tmpfs, 3 proc, 4 pts
        std::uint32_t reserved = 0;
    };
};

struct SyncAll {  // writes everything that this file system has not yet written
    static constexpr std::uint16_t label = 12;
    struct Reply {};
};

// On a Manager: a new, empty file system in the server's memory, which ends with the last capability
// to it, or with the bank that pays for it. What may come along: a Memory with a cpio archive
// ("newc") to fill it with; or, with `with_bank`, a Bank in which its files' data is bought.
struct MakeFileSystem {
    static constexpr std::uint16_t label = 13;
    static constexpr std::size_t max_capabilities = 1;
    static constexpr std::size_t reply_capabilities = 1;  // Directory
    std::uint64_t limit = 0;                              // bytes
    std::uint32_t mode = 0755;                            // of the root
    Identity owner;
    std::uint32_t with_bank = 0;
    struct Reply {};
};

// ---- operations on a File
// -------------------------------------------------------------------------------------------

// At most one message page at a time; a shorter count is not an error. 0 at the end of the file.
struct Read {
    static constexpr std::uint16_t label = 32;
    static constexpr std::size_t reply_payload = 4096;
    std::uint64_t offset =
        current_offset;  // current_offset: at the description's offset, which moves
    std::uint32_t length = 0;
    std::uint32_t flags = 0;          // Transfer flags
    std::uint32_t process_group = 0;  // terminals: the caller's, for the background check
    std::uint32_t reserved = 0;
    static constexpr std::uint32_t no_wait = 1;  // would_block instead of waiting
    struct Reply {};                             // the payload's length is the count
};

struct Write {
    static constexpr std::uint16_t label = 33;
    static constexpr std::size_t payload = 4096;
    std::uint64_t offset = current_offset;
    std::uint32_t flags = 0;
    std::uint32_t process_group = 0;
    static constexpr std::uint32_t no_wait = 1, at_end = 2;  // of the file, now; not at the offset
    struct Reply {
        std::uint64_t count = 0;
    };
};

struct Seek {
    static constexpr std::uint16_t label = 34;
    static constexpr std::uint32_t from_start = 0, from_current = 1, from_end = 2, data = 3,
                                   hole = 4;
    std::int64_t offset = 0;
    std::uint32_t whence = 0;
    std::uint32_t reserved = 0;
    struct Reply {
        std::uint64_t offset = 0;
    };
};

struct GetAttributes {  // fstat
    static constexpr std::uint16_t label = 35;
    static constexpr std::size_t reply_payload = sizeof(Attributes);
    struct Reply {};
};

struct ReadDirectory {  // payload of the reply: DirectoryEntry records, each followed by its name,
                        // 8-byte aligned
    static constexpr std::uint16_t label = 36;
    static constexpr std::size_t reply_payload = 4096;
    std::uint64_t cursor =
        current_offset;  // 0: from the start; current_offset: where the last read ended
    std::uint32_t length = 4096;
    std::uint32_t reserved = 0;
    struct Reply {
        std::uint64_t next_cursor = 0;
    };
};
struct DirectoryEntry {
    std::uint64_t inode = 0;
    std::uint64_t next_cursor = 0;  // where to go on after this entry
    std::uint16_t record_length = 0;
    std::uint16_t name_length = 0;
    Kind kind = Kind::none;
    std::uint8_t reserved[3] = {};
};

struct Truncate {
    static constexpr std::uint16_t label = 37;
    std::uint64_t size = 0;
    struct Reply {};
};

struct Sync {
    static constexpr std::uint16_t label = 38;
    std::uint32_t data_only = 0;
    struct Reply {};
};

// The file's page cache. The Memory's first page is a FileHeader, read only; the data begins at
// `data_offset`.
struct Map {
    static constexpr std::uint16_t label = 39;
    static constexpr std::size_t reply_capabilities = 1;
    // A writable capability needs the file open for writing. `announced` is for a client that tells
    // of what it wrote (Written), instead of whom everybody must think that it may have written
    // anything; it needs the file open for reading too. `unsupported`, where data needs more than
    // memory to be written to.
    static constexpr std::uint32_t read_only = 0, unannounced = 1, announced = 2;
    std::uint32_t write = read_only;
    struct Reply {
        std::uint64_t data_offset = 0;
        std::uint64_t size = 0;
    };
};
struct FileHeader {
    // What was mapped is not the file's data any more, which is elsewhere: to be mapped anew.
    static constexpr std::uint64_t moved = ~std::uint64_t{0};
    std::uint64_t size;        // of the file, now
    std::uint64_t generation;  // grows with each change of size or data
};

// Through a mapping, within the file's size: the file has changed now.
struct Written {
    static constexpr std::uint16_t label = 45;
    struct Reply {};
};

struct Allocate {  // fallocate
    static constexpr std::uint16_t label = 40;
    std::uint64_t offset = 0, length = 0;
    std::uint32_t keep_size = 0;
    std::uint32_t reserved = 0;
    struct Reply {};
};

struct SetStatusFlags {  // OpenFlags::changeable of the description, which all its holders share;
                         // -> the flags in force. A mask of 0 asks
    static constexpr std::uint16_t label = 41;
    std::uint32_t mask = 0, value = 0;
    struct Reply {
        std::uint32_t flags = 0;
    };
};

// Which of `events` hold now? If none and a notification came along, it is signalled with `bits`
// once, when one does.
struct Poll {
    static constexpr std::uint16_t label = 42;
    static constexpr std::size_t max_capabilities = 1;  // a Notification with the signal right
    static constexpr std::uint32_t readable = 1, writable = 2, hang_up = 4, error = 8,
                                   priority = 16, peer_done = 32;
    std::uint32_t events = 0;
    std::uint32_t process_group = 0;
    std::uint64_t bits = 0;
    // Counts of a Reply: while none that concerns his events has changed, nothing holds for who knows
    // them already. 0: whatever holds is news.
    std::uint32_t seen_input = 0, seen_output = 0;
    struct Reply {
        std::uint32_t ready = 0;
        // How often something to read and room to write have come, an end being both; 0: not counted.
        std::uint32_t input = 0, output = 0, reserved = 0;
    };
};

// Opens a named pipe's File for transfer; once for each File. As open(2) of a FIFO, it waits
// (interruptible) for somebody at the other end, unless the File is open for both or `no_wait` is
// set: then a writer gets out_of_range as long as nobody reads. Whoever has stopped waiting asks once more, `if_met`: somebody
// may have come for it already, and even have left again. If not (would_block), the File is as before. The data is the clients' own: both
// sides get the same Memory, to map, and the same notification, to sleep on and to signal. All is
// zero at the start but for the Ends, which the server alone writes, signalling bit 0 whenever it did.
struct OpenPipe {
    static constexpr std::uint16_t label = 44;
    static constexpr std::size_t reply_capabilities = 3;  // Memory, Notification, Server
    static constexpr std::uint64_t memory_bytes = std::uint64_t{61} * 4096;
    static constexpr std::uint64_t ends_offset = 4032;
    struct Ends {
        std::uint32_t readers = 0, writers = 0;  // Files that are open for it now
        std::uint32_t writers_ever = 0;
        std::uint32_t reserved = 0;
    };
    static constexpr std::uint32_t at_once = 1, if_met = 2;
    std::uint32_t no_wait = 0, reserved = 0;
    struct Reply {
        std::uint32_t writers_ever = 0;  // before those who are there now
        std::uint32_t reserved = 0;
    };
};

// Closes what was opened through an entrance, and leaves the File empty, for Open to open another
// `into` it. Whoever copies it before that shares what it will be. To be called with `only_copy`.
// busy: there are copies; unsupported: this File cannot be kept; either way nothing has happened.
struct Close {
    static constexpr std::uint16_t label = 50;
    struct Reply {
        std::uint64_t number = 0;  // for Open
    };
};

// Answered when the server has taken note of all Files that had been closed before. A close is a drop message, which nobody
// waits for: whoever closes an end of a named pipe waits by this, so that the next look at its Ends tells it.
struct AwaitCloses {
    static constexpr std::uint16_t label = 49;
    struct Reply {};
};

// Local sockets with names: nodes of kind `socket`. Who made the node listens on a File of it; who may
// write to it connects, by a File that is open for writing. The connection is the clients' own: the
// connecting side hands over the capabilities of one end (what they are is the library's affair),
// the server keeps them until the listener accepts.
struct Listen {
    static constexpr std::uint16_t label = 46;
    std::uint32_t backlog = 0;
    std::uint32_t pid = 0;  // what the caller says about itself; the identity the server knows
    std::uint32_t type = 0, reserved = 0;  // the library's: who connects must say the same
    struct Reply {};
};

// closed: nobody listens; wrong_type; would_block: too many wait. With `wait` it waits (interruptible).
struct Connect {
    static constexpr std::uint16_t label = 47;
    static constexpr std::size_t capabilities = 4;
    std::uint32_t pid = 0, type = 0;
    std::uint32_t wait = 0, reserved = 0;
    struct Reply {  // of the listener
        std::uint32_t user = 0, group = 0;
        std::uint32_t pid = 0, reserved = 0;
    };
};

struct Accept {  // interruptible. Poll tells when there is a connection
    static constexpr std::uint16_t label = 48;
    static constexpr std::size_t reply_capabilities = 4;
    std::uint32_t no_wait = 0, reserved = 0;
    struct Reply {  // of who connected
        std::uint32_t user = 0, group = 0;
        std::uint32_t pid = 0, reserved = 0;
    };
};

// Promises about a regular file that are never taken back: what would break one is not_permitted. Only
// a file that was made `sealable` takes them, and only until it has `seal`. `write`: nothing is written
// from now on, not even through what was mapped before (whoever has mapped it writes to a copy of his
// own). -> the seals that hold.
struct Seal {
    static constexpr std::uint16_t label = 51;
    static constexpr std::uint32_t seal = 1, shrink = 2, grow = 4, write = 8, future_write = 0x10,
                                   all = 0x1f;
    std::uint32_t add = 0;  // 0: asks; else the File must be open for writing
    struct Reply {
        std::uint32_t seals = 0;
    };
};

// Extended attributes, of regular files and directories: names of 1 to 255 bytes that begin with
// "user.", values that are any bytes. not_found: there is no such attribute. Whoever could read the
// file may get them, whoever could write to it may change them, however the File was opened.
struct GetExtended {  // payload: the name; of the reply: the value
    static constexpr std::uint16_t label = 52;
    static constexpr std::size_t payload = max_name;
    static constexpr std::size_t reply_payload = 4096;
    struct Reply {};
};
struct SetExtended {  // payload: `name_length` bytes of the name, then the value
    static constexpr std::uint16_t label = 53;
    static constexpr std::size_t payload = 4096;
    static constexpr std::uint32_t create = 1, replace = 2;  // exists; not_found
    static constexpr std::uint32_t remove = 4;
    std::uint32_t name_length = 0;
    std::uint32_t how = 0;
    struct Reply {};
};
struct ListExtended {  // payload of the reply: the names, each with a zero byte after it
    static constexpr std::uint16_t label = 54;
    static constexpr std::size_t reply_payload = 4096;
    struct Reply {};
};

// From now on what happens to the file, or in the directory, of a File that is open for reading is
// kept for ReadEvents, as far as the mask says; the notification, which need come along but once, is
// signalled with `bits` when the first comes. Only so much is kept, and then an event `overflow`. A
// mask of 0 ends it. limit: too many watch. The bits are those of Linux's inotify(7).
struct Watch {
    static constexpr std::uint16_t label = 55;
    static constexpr std::size_t max_capabilities = 1;
    std::uint32_t mask = 0;
    std::uint32_t reserved = 0;
    std::uint64_t bits = 0;
    struct Reply {};
};
struct Event {
    static constexpr std::uint32_t accessed = 1, modified = 2, attributes = 4, closed_written = 8,
                                   closed = 0x10, opened = 0x20, moved_from = 0x40, moved_to = 0x80,
                                   created = 0x100, removed = 0x200, removed_itself = 0x400,
                                   moved_itself = 0x800, all = 0xfff;
    static constexpr std::uint32_t overflow = 0x4000, ended = 0x8000, of_directory = 0x4000'0000;
    std::uint64_t order = 0;  // grows with time; each event of a server has its own
    std::uint32_t mask = 0;
    std::uint32_t cookie = 0;         // the same of moved_from and moved_to
    std::uint16_t name_length = 0;    // of what it is about, in the directory; the name follows
    std::uint16_t record_length = 0;  // a multiple of 8
    std::uint32_t reserved = 0;
};
struct ReadEvents {  // payload of the reply: Events, the oldest first; empty: there are none now
    static constexpr std::uint16_t label = 56;
    static constexpr std::size_t reply_payload = 4096;
    struct Reply {};
};

// Advisory record and whole-file locks. `wait` (interruptible): until nobody's lock is in the way. Whoever is interrupted asks
// again without `wait`: the answer says whether it has the lock after all, and its waits for the same range are over.
struct Lock {
    static constexpr std::uint16_t label = 43;
    static constexpr std::uint32_t shared = 0, exclusive = 1, unlock = 2, query = 3;
    // length 0: to the end. A query puts the kind that it asks about into `wait`
    std::uint64_t start = 0, length = 0;
    std::uint32_t kind = 0;
    std::uint32_t wait = 0;
    std::uint64_t owner = 0;  // record locks: the process; whole-file locks: 0, the description
    struct Reply {
        std::uint64_t start = 0, length = 0, owner = 0;
        std::uint32_t kind = 0;
        std::uint32_t reserved = 0;
    };
};

}  // namespace fs
