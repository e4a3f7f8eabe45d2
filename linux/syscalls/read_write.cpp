// SPDX-License-Identifier: MIT
// read, write and their relatives; lseek; sendfile and copy_file_range.
#include <algorithm>
#include <memory>

#include "linux/entry/user_memory.hpp"
#include "linux/fd/table.hpp"
#include "linux/fd/user_buffer.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using fd::current_offset;
using fd::Handle;
using fd::UserBuffer;
using fd::UserSegments;

enum class Direction : std::uint8_t { in, out };

Result<Handle> get_for(std::int64_t number, Direction direction) {
    Handle description = TRY(fd::table.get(number));
    const bool open =
        direction == Direction::in ? description->readable() : description->writable();
    if (!open) {
        return base::fail(Errno::ebadf);
    }
    return description;
}

// Buffers are looked at after the descriptor, as Linux does: so a bad descriptor wins.
std::int64_t transfer(std::int64_t number, Direction direction,
                      const Result<UserSegments>& segments, fd::Offset offset) {
    const Result<Handle> description = get_for(number, direction);
    if (!description) {
        return -description.error();
    }
    if (!segments) {
        return -segments.error();
    }
    UserBuffer buffer = segments->buffer();
    return direction == Direction::in ? (*description)->read(buffer, offset)
                                      : (*description)->write(buffer, offset);
}

std::int64_t transfer_at(const Arguments& arguments, Direction direction,
                         const Result<UserSegments>& segments) {
    const auto offset = static_cast<std::int64_t>(arguments[3]);
    if (offset < 0) {
        return -Errno::einval;
    }
    return transfer(arguments.integer(0), direction, segments, static_cast<fd::Offset>(offset));
}

Result<UserSegments> one(const Arguments& arguments) {
    return UserSegments::one(arguments[1], arguments[2]);
}
Result<UserSegments> list(const Arguments& arguments) {
    return UserSegments::list(arguments[1], arguments[2]);
}

std::int64_t append(const Arguments& arguments, const Result<UserSegments>& segments, bool moves) {
    const Result<Handle> description = get_for(arguments.integer(0), Direction::out);
    if (!description) {
        return -description.error();
    }
    if (!segments) {
        return -segments.error();
    }
    UserBuffer buffer = segments->buffer();
    return (*description)->append(buffer, moves);
}

// preadv2 and pwritev2: an offset of -1 is the current one.
std::int64_t transfer_with_flags(const Arguments& arguments, Direction direction) {
    constexpr std::uint32_t hints = 1 | 2 | 4;  // RWF_HIPRI, DSYNC, SYNC
    constexpr std::uint32_t no_wait = 8, at_end = 0x10;
    const std::uint32_t flags = arguments.word(5);
    const std::uint32_t known =
        hints | no_wait | (direction == Direction::out ? at_end : std::uint32_t{0});
    if ((flags & ~known) != 0) {
        return -Errno::eopnotsupp;
    }
    if ((flags & no_wait) != 0) {
        // Of a regular file nobody has to wait; of what else there is, Linux does not let all try.
        const auto description = get_for(arguments.integer(0), direction);
        if (!description || (*description)->kind() != fs::Kind::regular) {
            return description ? -Errno::eopnotsupp : -description.error();
        }
    }
    const auto segments = list(arguments);
    const bool at_current = arguments[3] == ~std::uint64_t{0};
    const std::int64_t moved =
        (flags & at_end) != 0 ? append(arguments, segments, at_current)
        : at_current          ? transfer(arguments.integer(0), direction, segments, current_offset)
                              : transfer_at(arguments, direction, segments);
    if (moved > 0 && direction == Direction::out && (flags & (2 | 4)) != 0) {
        const auto description = fd::table.get(arguments.integer(0));
        if (description) {
            (void)(*description)->sync((flags & 4) == 0);
        }
    }
    return moved;
}

struct CopyEnd {
    fd::Description& description;
    fd::Offset offset;  // current_offset: the description's own
};

// Moves up to `count` bytes, piece by piece.
std::int64_t copy(CopyEnd from, CopyEnd to, std::uint64_t count) {
    constexpr std::uint64_t piece_bytes = 16 * 1024;
    const auto bounce = std::make_unique<std::byte[]>(piece_bytes);
    std::uint64_t moved = 0;
    while (moved < count) {
        const std::uint64_t piece = std::min(count - moved, piece_bytes);
        UserBuffer in{std::span{bounce.get(), piece}};
        const std::int64_t got = from.description.read(in, from.offset);
        if (got <= 0) {
            return moved != 0 ? static_cast<std::int64_t>(moved) : got;
        }
        UserBuffer out{std::span{bounce.get(), static_cast<std::size_t>(got)}};
        const std::int64_t put = to.description.write(out, to.offset);
        if (put < got && from.offset == current_offset) {
            (void)from.description.seek(std::max<std::int64_t>(put, 0) - got,
                                        linux_abi::SeekWhence::current);
        }
        if (put <= 0) {
            return moved != 0 ? static_cast<std::int64_t>(moved) : put;
        }
        const auto done = static_cast<std::uint64_t>(put);
        moved += done;
        from.offset += from.offset == current_offset ? 0 : done;
        to.offset += to.offset == current_offset ? 0 : done;
        if (put < got || static_cast<std::uint64_t>(got) < piece) {
            break;
        }
    }
    return static_cast<std::int64_t>(moved);
}

// An offset that the program may have given by pointer.
Result<fd::Offset> read_offset(std::uint64_t pointer) {
    if (pointer == 0) {
        return current_offset;
    }
    const auto offset = TRY(user::read<std::int64_t>(pointer));
    if (offset < 0) {
        return base::fail(Errno::einval);
    }
    return static_cast<fd::Offset>(offset);
}
Result<void> move_offset(std::uint64_t pointer, fd::Offset from, std::int64_t moved) {
    if (pointer == 0 || moved <= 0) {
        return {};
    }
    return user::write(pointer, from + static_cast<std::uint64_t>(moved));
}

Result<std::int64_t> send_file(const Arguments& arguments) {
    const Handle to = TRY(get_for(arguments.integer(0), Direction::out));
    const Handle from = TRY(get_for(arguments.integer(1), Direction::in));
    const fd::Offset offset = TRY(read_offset(arguments[2]));
    if (from->kind() != fs::Kind::regular && from->kind() != fs::Kind::block_device) {
        return base::fail(Errno::einval);
    }
    const std::uint64_t count = std::min(arguments[3], linux_abi::transfer_max);
    const std::int64_t moved = copy({*from, offset}, {*to, current_offset}, count);
    TRY(move_offset(arguments[2], offset, moved));
    return moved;
}

Result<std::int64_t> copy_range(const Arguments& arguments) {
    const Handle from = TRY(get_for(arguments.integer(0), Direction::in));
    const Handle to = TRY(get_for(arguments.integer(2), Direction::out));
    if (arguments[5] != 0) {
        return base::fail(Errno::einval);
    }
    for (const Handle* one : {&from, &to}) {
        if ((*one)->kind() != fs::Kind::regular) {
            return base::fail((*one)->kind() == fs::Kind::directory ? Errno::eisdir
                                                                    : Errno::einval);
        }
    }
    const fd::Offset start = TRY(read_offset(arguments[1]));
    const fd::Offset target = TRY(read_offset(arguments[3]));
    const std::uint64_t count = std::min(arguments[4], linux_abi::transfer_max);
    const std::int64_t moved = copy({*from, start}, {*to, target}, count);
    TRY(move_offset(arguments[1], start, moved));
    TRY(move_offset(arguments[3], target, moved));
    return moved;
}

Result<std::uint64_t> seek(const Arguments& arguments) {
    const Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    if (arguments.word(2) > linux_abi::SeekWhence::hole) {
        return base::fail(Errno::einval);
    }
    return description->seek(static_cast<std::int64_t>(arguments[1]), arguments.word(2));
}

}  // namespace

namespace calls {

std::int64_t read(const Arguments& arguments) {
    return transfer(arguments.integer(0), Direction::in, one(arguments), current_offset);
}
std::int64_t write(const Arguments& arguments) {
    return transfer(arguments.integer(0), Direction::out, one(arguments), current_offset);
}
std::int64_t pread64(const Arguments& arguments) {
    return transfer_at(arguments, Direction::in, one(arguments));
}
std::int64_t pwrite64(const Arguments& arguments) {
    return transfer_at(arguments, Direction::out, one(arguments));
}
std::int64_t readv(const Arguments& arguments) {
    return transfer(arguments.integer(0), Direction::in, list(arguments), current_offset);
}
std::int64_t writev(const Arguments& arguments) {
    return transfer(arguments.integer(0), Direction::out, list(arguments), current_offset);
}
std::int64_t preadv(const Arguments& arguments) {
    return transfer_at(arguments, Direction::in, list(arguments));
}
std::int64_t pwritev(const Arguments& arguments) {
    return transfer_at(arguments, Direction::out, list(arguments));
}
std::int64_t preadv2(const Arguments& arguments) {
    return transfer_with_flags(arguments, Direction::in);
}
std::int64_t pwritev2(const Arguments& arguments) {
    return transfer_with_flags(arguments, Direction::out);
}
std::int64_t lseek(const Arguments& arguments) { return to_return(seek(arguments)); }
std::int64_t sendfile(const Arguments& arguments) { return to_return(send_file(arguments)); }
std::int64_t copy_file_range(const Arguments& arguments) {
    return to_return(copy_range(arguments));
}

}  // namespace calls
}  // namespace linux
