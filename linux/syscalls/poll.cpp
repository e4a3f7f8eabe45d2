// SPDX-License-Identifier: MIT
// poll, select and their relatives: the program's tables become PollItems (linux/fd/polling.hpp),
// and back.
#include "abi/linux/poll.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/polling.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/syscalls/wait_time.hpp"

namespace linux {

namespace {

using fd::PollItem;
using linux_abi::PollDescriptor;
using linux_abi::PollEvent;

Result<std::int64_t> poll_table(std::uint64_t table, std::uint32_t count, std::uint64_t deadline) {
    if (count > limit_of(Resource::files).soft) {
        return base::fail(Errno::einval);
    }
    std::vector<PollDescriptor> given(count);
    TRY(user::copy_in(given.data(), table, count * sizeof(PollDescriptor)));
    std::vector<PollItem> items(count);
    std::int64_t invalid = 0;
    fd::table.look_up(
        count, [&](std::size_t i) { return given[i].descriptor; },
        [&](std::size_t i, fd::Description* description) {
            given[i].returned = 0;
            if (description != nullptr) {
                items[i].description = fd::Handle::share(description);
                items[i].events = fd::from_poll_events(given[i].events);
            } else if (given[i].descriptor >= 0) {
                given[i].returned = PollEvent::invalid;
                ++invalid;
            }
        });
    const std::int64_t ready = fd::poll_items(items, invalid != 0 ? 0 : deadline);
    if (ready < 0) {
        return ready;
    }
    std::int64_t shown = invalid;
    for (std::size_t i = 0; i < count; ++i) {
        if (items[i].ready != 0) {
            given[i].returned =
                static_cast<std::uint16_t>(fd::to_poll_events(items[i].ready, given[i].events));
            shown += given[i].returned != 0 ? 1 : 0;
        }
    }
    TRY(user::copy_out(table, given.data(), count * sizeof(PollDescriptor)));
    return shown;
}

// The three sets of select, as words.
class DescriptorSets {
public:
    static constexpr std::size_t words = fd::DescriptorTable::capacity / 64;
    enum Which : std::uint8_t { read, write, except };

    Result<void> load(const std::array<std::uint64_t, 3>& pointers, std::size_t count) {
        bytes_ = (count + 63) / 64 * 8;
        for (std::size_t i = 0; i < 3; ++i) {
            if (pointers[i] != 0) {
                TRY(user::copy_in(sets_[i].data(), pointers[i], bytes_));
            }
        }
        return {};
    }
    Result<void> store(const std::array<std::uint64_t, 3>& pointers) const {
        for (std::size_t i = 0; i < 3; ++i) {
            if (pointers[i] != 0) {
                TRY(user::copy_out(pointers[i], sets_[i].data(), bytes_));
            }
        }
        return {};
    }
    [[nodiscard]] bool has(Which which, std::size_t number) const {
        return (sets_[which][number / 64] >> (number % 64) & 1) != 0;
    }
    void clear() { sets_ = {}; }
    void add(Which which, std::size_t number) {
        sets_[which][number / 64] |= std::uint64_t{1} << (number % 64);
    }

private:
    std::array<std::array<std::uint64_t, words>, 3> sets_{};
    std::size_t bytes_ = 0;
};

struct Selected {
    std::size_t number;
    bool read, write, except;
};

Result<std::int64_t> select_sets(std::int32_t count, const std::array<std::uint64_t, 3>& pointers,
                                 std::uint64_t deadline) {
    if (count < 0) {
        return base::fail(Errno::einval);
    }
    const std::size_t limit =
        std::min<std::size_t>(static_cast<std::size_t>(count), fd::DescriptorTable::capacity);
    DescriptorSets sets;
    TRY(sets.load(pointers, limit));
    std::vector<Selected> selected;
    std::vector<PollItem> items;
    for (std::size_t number = 0; number < limit; ++number) {
        const Selected one{number, sets.has(DescriptorSets::read, number),
                           sets.has(DescriptorSets::write, number),
                           sets.has(DescriptorSets::except, number)};
        if (!one.read && !one.write && !one.except) {
            continue;
        }
        PollItem item{TRY(fd::table.get_open(static_cast<std::int64_t>(number)))};
        item.events = (one.read ? fs::Poll::readable : 0) | (one.write ? fs::Poll::writable : 0) |
                      (one.except ? fs::Poll::priority : 0);
        items.push_back(std::move(item));
        selected.push_back(one);
    }
    const std::int64_t ready = fd::poll_items(items, deadline);
    if (ready < 0) {
        return ready;
    }
    sets.clear();
    std::int64_t shown = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        constexpr std::uint32_t ended = fs::Poll::hang_up | fs::Poll::error;
        if (selected[i].read && (items[i].ready & (fs::Poll::readable | ended)) != 0) {
            sets.add(DescriptorSets::read, selected[i].number);
            ++shown;
        }
        if (selected[i].write && (items[i].ready & (fs::Poll::writable | fs::Poll::error)) != 0) {
            sets.add(DescriptorSets::write, selected[i].number);
            ++shown;
        }
        if (selected[i].except && (items[i].ready & fs::Poll::priority) != 0) {
            sets.add(DescriptorSets::except, selected[i].number);
            ++shown;
        }
    }
    TRY(sets.store(pointers));
    return shown;
}

std::array<std::uint64_t, 3> set_pointers(const Arguments& arguments) {
    return {arguments[1], arguments[2], arguments[3]};
}

Result<std::int64_t> poll_milliseconds(const Arguments& arguments) {
    return poll_table(arguments[0], arguments.word(1), deadline_in_ms(arguments.integer(2)));
}

Result<std::int64_t> poll_with_mask(const Arguments& arguments) {
    const WaitTime time = TRY(WaitTime::from_timespec(arguments[2]));
    CallMask mask;
    TRY(mask.set(arguments[3], arguments[4]));
    const auto count = poll_table(arguments[0], arguments.word(1), time.deadline());
    mask.finish(count);
    time.store_rest(arguments[2]);
    return count;
}

Result<std::int64_t> select_timeval(const Arguments& arguments) {
    const WaitTime time = TRY(WaitTime::from_timeval(arguments[4]));
    const auto count = select_sets(arguments.integer(0), set_pointers(arguments), time.deadline());
    time.store_rest(arguments[4]);
    return count;
}

Result<std::int64_t> select_with_mask(const Arguments& arguments) {
    const WaitTime time = TRY(WaitTime::from_timespec(arguments[4]));
    struct MaskArgument {
        std::uint64_t pointer, size;
    };
    MaskArgument given{0, 0};
    if (arguments[5] != 0) {
        given = TRY(user::read<MaskArgument>(arguments[5]));
    }
    CallMask mask;
    TRY(mask.set(given.pointer, given.size));
    const auto count = select_sets(arguments.integer(0), set_pointers(arguments), time.deadline());
    mask.finish(count);
    time.store_rest(arguments[4]);
    return count;
}

}  // namespace

namespace calls {

std::int64_t poll(const Arguments& arguments) { return to_return(poll_milliseconds(arguments)); }
std::int64_t ppoll(const Arguments& arguments) { return to_return(poll_with_mask(arguments)); }
std::int64_t select(const Arguments& arguments) { return to_return(select_timeval(arguments)); }
std::int64_t pselect6(const Arguments& arguments) { return to_return(select_with_mask(arguments)); }

}  // namespace calls
}  // namespace linux
