// SPDX-License-Identifier: MIT
// Changing files without writing to them: modes, owners, times, sizes; bringing them to the disk;
// the umask.
#include <cstring>

#include "abi/linux/file.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using fs::Attributes;
using fs::SetAttributes;
using linux_abi::at_cwd;
using linux_abi::AtFlag;
using linux_abi::FileTimespec;
using linux_abi::FileTimeval;

// The attributes stand before the path in the message page.
Result<void> set_at(std::int32_t directory, std::uint64_t path, std::uint32_t which,
                    const Attributes& to, bool follow) {
    const fd::Path resolved = TRY(fd::resolve(directory, path, sizeof(Attributes)));
    std::byte* page = ipc::message_page().data();
    std::memcpy(page, &to, sizeof to);
    TRY(or_errno(
        ipc::call(fd::own_view(),
                  SetAttributes{.which = which, .follow = follow || resolved.directory ? 1U : 0U},
                  {.payload = {page, sizeof to + resolved.text.size()}})));
    return {};
}

Result<void> set_descriptor(std::int32_t number, std::uint32_t which, const Attributes& to) {
    return TRY(fd::table.get_open(number))->set_attributes(which, to);
}

Result<void> set_mode_at(std::int32_t directory, std::uint64_t path, std::uint32_t mode) {
    return set_at(directory, path, SetAttributes::mode, {.mode = mode & 07777}, true);
}

// -1 leaves the user or the group as it is.
struct Owner {
    std::uint32_t which = 0;
    Attributes attributes;
    Owner(std::uint32_t user, std::uint32_t group) {
        constexpr std::uint32_t keep = ~std::uint32_t{0};
        which |= user != keep ? SetAttributes::user : 0;
        which |= group != keep ? SetAttributes::group : 0;
        attributes.user = user;
        attributes.group = group;
    }
};

Result<void> set_owner_at(std::int32_t directory, std::uint64_t path, std::uint32_t user,
                          std::uint32_t group, std::uint32_t flags) {
    if ((flags & ~(AtFlag::no_follow | AtFlag::empty_path)) != 0) {
        return base::fail(Errno::einval);
    }
    const Owner owner{user, group};
    if ((flags & AtFlag::empty_path) != 0 && TRY(fd::is_empty(path))) {
        return set_descriptor(directory, owner.which, owner.attributes);
    }
    return set_at(directory, path, owner.which, owner.attributes, (flags & AtFlag::no_follow) == 0);
}

struct Times {
    std::uint32_t which = SetAttributes::accessed_now | SetAttributes::modified_now;
    Attributes attributes;
};

Result<void> add_time(Times& times, const FileTimespec& time, std::uint32_t given,
                      std::uint32_t now, fs::Timestamp& to) {
    if (time.nanoseconds == linux_abi::utime_omit) {
        return {};
    }
    if (time.nanoseconds == linux_abi::utime_now) {
        times.which |= now;
        return {};
    }
    if (time.nanoseconds < 0 || time.nanoseconds >= 1'000'000'000) {
        return base::fail(Errno::einval);
    }
    times.which |= given;
    to = {.seconds = time.seconds, .nanoseconds = static_cast<std::uint32_t>(time.nanoseconds)};
    return {};
}

Result<Times> make_times(const FileTimespec (&given)[2]) {
    Times times{.which = 0};
    TRY(add_time(times, given[0], SetAttributes::accessed, SetAttributes::accessed_now,
                 times.attributes.accessed));
    TRY(add_time(times, given[1], SetAttributes::modified, SetAttributes::modified_now,
                 times.attributes.modified));
    return times;
}

struct TwoTimespecs {
    FileTimespec times[2];
};
struct TwoTimevals {
    FileTimeval times[2];
};

Result<Times> read_timespecs(std::uint64_t pointer) {
    if (pointer == 0) {
        return Times{};
    }
    return make_times(TRY(user::read<TwoTimespecs>(pointer)).times);
}

Result<Times> read_timevals(std::uint64_t pointer) {
    if (pointer == 0) {
        return Times{};
    }
    const auto given = TRY(user::read<TwoTimevals>(pointer));
    FileTimespec times[2];
    for (int i = 0; i < 2; ++i) {
        const FileTimeval& time = given.times[i];
        if (time.microseconds < 0 || time.microseconds >= 1'000'000) {
            return base::fail(Errno::einval);
        }
        times[i] = {time.seconds, time.microseconds * 1000};
    }
    return make_times(times);
}

Result<void> set_times_at(std::int32_t directory, std::uint64_t path, const Result<Times>& times,
                          std::uint32_t flags) {
    if ((flags & ~(AtFlag::no_follow | AtFlag::empty_path)) != 0) {
        return base::fail(Errno::einval);
    }
    if (!times) {
        return base::fail(times.error());
    }
    // futimens: no path at all.
    if (path == 0 && directory != at_cwd) {
        return set_descriptor(directory, times->which, times->attributes);
    }
    return set_at(directory, path, times->which, times->attributes,
                  (flags & AtFlag::no_follow) == 0);
}

Result<void> truncate_path(std::uint64_t path, std::int64_t size) {
    if (size < 0) {
        return base::fail(Errno::einval);
    }
    return set_at(at_cwd, path, SetAttributes::size, {.size = static_cast<std::uint64_t>(size)},
                  true);
}

Result<void> truncate_descriptor(std::int32_t number, std::int64_t size) {
    const fd::Handle description = TRY(fd::table.get_open(number));
    if (size < 0 || !description->writable()) {
        return base::fail(Errno::einval);
    }
    return description->truncate(static_cast<std::uint64_t>(size));
}

Result<void> allocate(const Arguments& arguments) {
    constexpr std::uint32_t keep_size = 1;
    const fd::Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    if (!description->writable()) {
        return base::fail(Errno::ebadf);
    }
    const auto offset = static_cast<std::int64_t>(arguments[2]);
    const auto length = static_cast<std::int64_t>(arguments[3]);
    if (offset < 0 || length <= 0) {
        return base::fail(Errno::einval);
    }
    if ((arguments.word(1) & ~keep_size) != 0) {
        return base::fail(Errno::eopnotsupp);
    }
    return description->allocate({.offset = arguments[2],
                                  .length = arguments[3],
                                  .keep_size = arguments.word(1) & keep_size});
}

Result<void> synchronise(std::int32_t number, bool data_only) {
    return TRY(fd::table.get_open(number))->sync(data_only);
}

}  // namespace

namespace calls {

std::int64_t chmod(const Arguments& arguments) {
    return to_return(set_mode_at(at_cwd, arguments[0], arguments.word(1)));
}
std::int64_t fchmodat(const Arguments& arguments) {
    return to_return(set_mode_at(arguments.integer(0), arguments[1], arguments.word(2)));
}
std::int64_t fchmod(const Arguments& arguments) {
    return to_return(set_descriptor(arguments.integer(0), SetAttributes::mode,
                                    {.mode = arguments.word(1) & 07777}));
}
std::int64_t chown(const Arguments& arguments) {
    return to_return(set_owner_at(at_cwd, arguments[0], arguments.word(1), arguments.word(2), 0));
}
std::int64_t lchown(const Arguments& arguments) {
    return to_return(set_owner_at(at_cwd, arguments[0], arguments.word(1), arguments.word(2),
                                  AtFlag::no_follow));
}
std::int64_t fchown(const Arguments& arguments) {
    const Owner owner{arguments.word(1), arguments.word(2)};
    return to_return(set_descriptor(arguments.integer(0), owner.which, owner.attributes));
}
std::int64_t fchownat(const Arguments& arguments) {
    return to_return(set_owner_at(arguments.integer(0), arguments[1], arguments.word(2),
                                  arguments.word(3), arguments.word(4)));
}

std::int64_t utimensat(const Arguments& arguments) {
    return to_return(set_times_at(arguments.integer(0), arguments[1], read_timespecs(arguments[2]),
                                  arguments.word(3)));
}
std::int64_t futimesat(const Arguments& arguments) {
    return to_return(
        set_times_at(arguments.integer(0), arguments[1], read_timevals(arguments[2]), 0));
}
std::int64_t utimes(const Arguments& arguments) {
    return to_return(set_times_at(at_cwd, arguments[0], read_timevals(arguments[1]), 0));
}
std::int64_t utime(const Arguments& arguments) {
    struct Seconds {
        std::int64_t accessed, modified;
    };
    Result<Times> times = Times{};
    if (arguments[1] != 0) {
        const auto seconds = user::read<Seconds>(arguments[1]);
        if (!seconds) {
            return -seconds.error();
        }
        times = make_times({{seconds->accessed, 0}, {seconds->modified, 0}});
    }
    return to_return(set_times_at(at_cwd, arguments[0], times, 0));
}

std::int64_t truncate(const Arguments& arguments) {
    return to_return(truncate_path(arguments[0], static_cast<std::int64_t>(arguments[1])));
}
std::int64_t ftruncate(const Arguments& arguments) {
    return to_return(
        truncate_descriptor(arguments.integer(0), static_cast<std::int64_t>(arguments[1])));
}
std::int64_t fallocate(const Arguments& arguments) { return to_return(allocate(arguments)); }

std::int64_t fsync(const Arguments& arguments) {
    return to_return(synchronise(arguments.integer(0), false));
}
std::int64_t fdatasync(const Arguments& arguments) {
    return to_return(synchronise(arguments.integer(0), true));
}
std::int64_t sync(const Arguments& /*arguments*/) {
    (void)ipc::call(fd::own_view(), fs::SyncAll{});
    return 0;
}
// The view syncs all that the process can reach, this file system among it.
std::int64_t syncfs(const Arguments& arguments) {
    const auto description = fd::table.get_open(arguments.integer(0));
    if (!description) {
        return -description.error();
    }
    const auto done = ipc::call(fd::own_view(), fs::SyncAll{});
    return done ? 0 : -to_errno(done.error());
}

std::int64_t umask(const Arguments& arguments) { return fd::location.set_umask(arguments.word(0)); }

std::int64_t sync_file_range(const Arguments& arguments) {
    constexpr std::uint32_t all_flags = 7;
    if ((arguments.word(3) & ~all_flags) != 0 || static_cast<std::int64_t>(arguments[1]) < 0 ||
        static_cast<std::int64_t>(arguments[2]) < 0) {
        return -Errno::einval;
    }
    return to_return(synchronise(arguments.integer(0), true));
}
// Files are in the page cache once they were opened, or are read when they are needed.
std::int64_t readahead(const Arguments& arguments) {
    const auto description = fd::table.get_open(arguments.integer(0));
    if (!description || !(*description)->readable()) {
        return -Errno::ebadf;
    }
    return (*description)->kind() == fs::Kind::regular ? 0 : -Errno::einval;
}

// Advice about future use, which nothing here acts on.
std::int64_t fadvise64(const Arguments& arguments) {
    const auto description = fd::table.get_open(arguments.integer(0));
    if (!description) {
        return -description.error();
    }
    if ((*description)->kind() == fs::Kind::fifo) {
        return -Errno::espipe;
    }
    return arguments.word(3) <= 5 ? 0 : -Errno::einval;
}

}  // namespace calls
}  // namespace linux
