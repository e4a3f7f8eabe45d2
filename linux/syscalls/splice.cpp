// SPDX-License-Identifier: MIT
// splice, tee and vmsplice: moving bytes between a pipe and something else. Pages do not change hands
// here, the bytes are copied; what programs see is when these calls wait and what is left where. As on
// Linux they wait for the first bytes only, and then move what goes without waiting. What comes out of
// a pipe is taken from it only after it was written, so that nothing is lost when that fails.
#include <algorithm>
#include <memory>

#include "abi/linux/file.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/pipe.hpp"
#include "linux/fd/table.hpp"
#include "linux/fd/waiter.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using fd::current_offset;
using fd::Description;
using fd::Handle;
using fd::PipeEnd;
using fd::UserBuffer;
using linux_abi::SpliceFlag;

constexpr std::uint64_t piece_bytes = fd::PipeRing::page_bytes;  // a pipe takes it all at once

struct End {
    Description& description;
    fd::Offset offset;  // current_offset: the description's own
};

bool is_ready(Description& description, std::uint32_t events) {
    fd::change_watch.refresh();
    return description.poll(events, {}) != 0;
}

// 0, or what the call must return.
std::int64_t wait_until_ready(Description& description, std::uint32_t events) {
    auto waiter = fd::Waiter::take();
    if (!waiter) {
        return -waiter.error();
    }
    std::int64_t stop = 0;
    while (stop == 0 && description.poll(events, waiter->target()) == 0) {
        stop = waiter->wait(description.next_event()) == fd::Woken::interrupted ? restart : 0;
        fd::change_watch.refresh();
    }
    description.end_poll(waiter->target());
    return stop;
}

// -> may the transfer go on? If not, `result` is what it ends with.
bool get_ready(Description& description, std::uint32_t events, bool may_wait, bool is_first,
               std::int64_t& result) {
    if (is_ready(description, events)) {
        return true;
    }
    if (may_wait && is_first && !description.non_blocking()) {
        result = wait_until_ready(description, events);
        return result == 0;
    }
    result = is_first ? -Errno::eagain : result;
    return false;
}

// One piece; -> how many bytes went through.
std::int64_t move_piece(End& from, End& to, std::span<std::byte> piece) {
    PipeEnd* source = from.description.pipe();
    UserBuffer in{piece};
    const std::int64_t got = source != nullptr
                                 ? source->receive(in, {.no_wait = true, .keep = true})
                                 : from.description.read(in, from.offset);
    if (got <= 0) {
        return got;
    }
    UserBuffer out{piece.first(static_cast<std::size_t>(got))};
    const std::int64_t put = to.description.write(out, to.offset);
    if (source != nullptr && put > 0) {
        UserBuffer taken{piece.first(static_cast<std::size_t>(put))};
        (void)source->receive(taken, {.no_wait = true});
    } else if (source == nullptr && put < got && from.offset == current_offset) {
        (void)from.description.seek(std::max<std::int64_t>(put, 0) - got,
                                    linux_abi::SeekWhence::current);
    }
    return put;
}

std::int64_t move(End from, End to, std::uint64_t count, bool may_wait) {
    const auto piece = std::make_unique<std::byte[]>(piece_bytes);
    std::uint64_t moved = 0;
    std::int64_t result = 0;
    while (moved < count) {
        if (!get_ready(from.description, fs::Poll::readable, may_wait, moved == 0, result) ||
            !get_ready(to.description, fs::Poll::writable, may_wait, moved == 0, result)) {
            break;
        }
        result = move_piece(from, to, {piece.get(), std::min(count - moved, piece_bytes)});
        if (result <= 0) {
            break;
        }
        const auto done = static_cast<std::uint64_t>(result);
        moved += done;
        from.offset += from.offset == current_offset ? 0 : done;
        to.offset += to.offset == current_offset ? 0 : done;
    }
    return moved != 0 ? static_cast<std::int64_t>(moved) : result;
}

bool is_same_pipe(Description& one, Description& other) {
    const auto first = one.attributes();
    const auto second = other.attributes();
    return first && second && first->inode == second->inode && first->device == second->device;
}

struct Ends {
    Handle from, to;
};

Result<Ends> get_ends(std::int64_t from, std::int64_t to) {
    Ends ends{.from = TRY(fd::table.get_open(from)), .to = TRY(fd::table.get_open(to))};
    if (!ends.from->readable() || !ends.to->writable()) {
        return base::fail(Errno::ebadf);
    }
    return ends;
}

// A pipe has no offsets.
Result<fd::Offset> read_offset(Description& of, std::uint64_t pointer) {
    if (pointer == 0) {
        return current_offset;
    }
    if (of.pipe() != nullptr) {
        return base::fail(Errno::espipe);
    }
    const auto offset = TRY(user::read<std::int64_t>(pointer));
    if (offset < 0) {
        return base::fail(Errno::einval);
    }
    return static_cast<fd::Offset>(offset);
}

Result<std::int64_t> do_splice(const Arguments& arguments) {
    if (arguments[4] == 0) {
        return 0;
    }
    if ((arguments.word(5) & ~SpliceFlag::all) != 0) {
        return base::fail(Errno::einval);
    }
    const Ends ends = TRY(get_ends(arguments.integer(0), arguments.integer(2)));
    const fd::Offset start = TRY(read_offset(*ends.from, arguments[1]));
    const fd::Offset target = TRY(read_offset(*ends.to, arguments[3]));
    const bool out_of_pipe = ends.from->pipe() != nullptr;
    const bool into_pipe = ends.to->pipe() != nullptr;
    const bool appends = (ends.to->current_status() & linux_abi::OpenFlag::append) != 0;
    if ((!out_of_pipe && !into_pipe) || (!into_pipe && appends) ||
        (out_of_pipe && into_pipe && is_same_pipe(*ends.from, *ends.to))) {
        return base::fail(Errno::einval);
    }
    const std::uint64_t count = std::min(arguments[4], linux_abi::transfer_max);
    const bool may_wait = (arguments.word(5) & SpliceFlag::non_block) == 0;
    const std::int64_t moved = move({*ends.from, start}, {*ends.to, target}, count, may_wait);
    for (const auto& [pointer, from] : {std::pair{arguments[1], start}, {arguments[3], target}}) {
        if (pointer != 0 && moved > 0) {
            TRY(user::write(pointer, from + static_cast<std::uint64_t>(moved)));
        }
    }
    return moved;
}

Result<std::int64_t> do_tee(const Arguments& arguments) {
    if ((arguments.word(3) & ~SpliceFlag::all) != 0) {
        return base::fail(Errno::einval);
    }
    if (arguments[2] == 0) {
        return 0;
    }
    const Ends ends = TRY(get_ends(arguments.integer(0), arguments.integer(1)));
    if (ends.from->pipe() == nullptr || ends.to->pipe() == nullptr ||
        is_same_pipe(*ends.from, *ends.to)) {
        return base::fail(Errno::einval);
    }
    const bool may_wait = (arguments.word(3) & SpliceFlag::non_block) == 0;
    std::int64_t result = 0;
    if (!get_ready(*ends.from, fs::Poll::readable, may_wait, true, result) ||
        !get_ready(*ends.to, fs::Poll::writable, may_wait, true, result)) {
        return result;
    }
    const auto piece = std::make_unique<std::byte[]>(piece_bytes);
    UserBuffer in{std::span{piece.get(), std::min(arguments[2], piece_bytes)}};
    const std::int64_t got = ends.from->pipe()->receive(in, {.no_wait = true, .keep = true});
    if (got <= 0) {
        return got;
    }
    UserBuffer out{std::span{piece.get(), static_cast<std::size_t>(got)}};
    return ends.to->write(out, current_offset);
}

Result<std::int64_t> do_vmsplice(const Arguments& arguments) {
    if ((arguments.word(3) & ~SpliceFlag::all) != 0) {
        return base::fail(Errno::einval);
    }
    const Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    PipeEnd* pipe = description->pipe();
    if (pipe == nullptr) {
        return base::fail(Errno::ebadf);
    }
    const auto segments = TRY(fd::UserSegments::list(arguments[1], arguments[2]));
    UserBuffer buffer = segments.buffer();
    if (buffer.remaining() == 0) {
        return 0;
    }
    const bool writes = description->writable();
    const bool may_wait = (arguments.word(3) & SpliceFlag::non_block) == 0;
    std::int64_t result = 0;
    if (!get_ready(*description, writes ? fs::Poll::writable : fs::Poll::readable, may_wait, true,
                   result)) {
        return result;
    }
    return writes ? pipe->send(buffer, {.no_wait = true})
                  : pipe->receive(buffer, {.no_wait = true});
}

}  // namespace

namespace calls {

std::int64_t splice(const Arguments& arguments) { return to_return(do_splice(arguments)); }
std::int64_t tee(const Arguments& arguments) { return to_return(do_tee(arguments)); }
std::int64_t vmsplice(const Arguments& arguments) { return to_return(do_vmsplice(arguments)); }

}  // namespace calls
}  // namespace linux
