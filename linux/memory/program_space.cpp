// SPDX-License-Identifier: MIT
#include "linux/memory/program_space.hpp"

#include <algorithm>

#include "libs/base/align.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/state.hpp"

namespace linux {

ProgramSpace& program_space() {
    static constinit ProgramSpace space;
    return space;
}

Result<std::uint64_t> to_map_flags(std::uint32_t protection) {
    using linux_abi::Protection;
    const bool write = (protection & Protection::write) != 0;
    const bool execute = (protection & Protection::execute) != 0;
    if (write && execute) {
        return base::fail(Errno::eacces);
    }
    std::uint64_t flags = 0;
    flags |= (protection & Protection::read) != 0 ? abi::MapFlags::read : 0;
    flags |= write ? abi::MapFlags::write | abi::MapFlags::read : 0;
    flags |= execute ? abi::MapFlags::execute | abi::MapFlags::read : 0;
    return flags;
}

Result<void> ProgramSpace::ensure_backing() {
    if (!backing_) {
        backing_ = TRY(or_errno(ipc::own_bank()->create_memory(high)));
    }
    return {};
}

Result<std::uint64_t> ProgramSpace::place(const Request& request) {
    if (request.length == 0 || request.length > high) {
        return base::fail(request.length == 0 ? Errno::einval : Errno::enomem);
    }
    const std::uint64_t limit = limit_of(Resource::address_space).soft;
    if (limit != no_limit && regions_.total_bytes() + request.length > limit) {
        return base::fail(Errno::enomem);
    }
    const std::uint64_t address = request.address;
    const bool fits = address >= low && base::range_fits(address, request.length, high);
    if (request.placement != Placement::anywhere) {
        if (!fits) {
            return base::fail(address < low ? Errno::eperm : Errno::enomem);
        }
        if (request.placement == Placement::no_replace &&
            regions_.overlaps(address, address + request.length)) {
            return base::fail(Errno::eexist);
        }
        TRY(remove(address, request.length));
        return address;
    }
    if (fits && !regions_.overlaps(address, address + request.length)) {
        return address;
    }
    const std::uint64_t top = request.below_4g ? std::uint64_t{1} << 31 : high;
    const auto gap = regions_.find_gap(request.length, low, top);
    if (!gap) {
        return base::fail(Errno::enomem);
    }
    return *gap;
}

std::uint64_t ProgramSpace::pick_offset(std::uint64_t address, std::uint64_t length) const {
    const Region* before = regions_.at(address - 1);
    if (before != nullptr && before->backing == Backing::own) {
        const std::uint64_t next = before->offset + before->length();
        if (!offsets_.overlaps(next, next + length)) {
            return next;
        }
    }
    return offsets_.find_low_gap(length, 0);
}

Result<void> ProgramSpace::map_own(std::uint64_t address, std::uint64_t length,
                                   std::uint32_t protection) {
    TRY(ensure_backing());
    const std::uint64_t flags = TRY(to_map_flags(protection));
    const std::uint64_t offset = pick_offset(address, length);
    if (!base::range_fits(offset, length, high)) {
        return base::fail(Errno::enomem);
    }
    TRY(or_errno(ipc::own_space()->map(
        backing_, {.address = address, .length = length, .offset = offset, .flags = flags})));
    offsets_.insert({.start = offset, .end = offset + length, .offset = offset});
    regions_.insert({.start = address,
                     .end = address + length,
                     .offset = offset,
                     .protection = protection,
                     .backing = Backing::own,
                     .shared = false});
    return {};
}

Result<std::uint64_t> ProgramSpace::map_anonymous(const Request& request) {
    (void)TRY(to_map_flags(request.protection));
    MutexGuard guard{lock_};
    const std::uint64_t address = TRY(place(request));
    TRY(map_own(address, request.length, request.protection));
    return address;
}

Result<std::uint64_t> ProgramSpace::map_object(const Request& request, const Source& source,
                                               bool shared) {
    std::uint64_t flags = TRY(to_map_flags(request.protection));
    if (shared) {
        flags |= abi::MapFlags::on_clone_share;
    }
    MutexGuard guard{lock_};
    const std::uint64_t address = TRY(place(request));
    const std::uint64_t present_end = address + source.present;
    if (source.present != 0) {
        TRY(or_errno(ipc::own_space()->map(source.memory, {.address = address,
                                                           .length = source.present,
                                                           .offset = source.offset,
                                                           .flags = flags})));
        regions_.insert({.start = address,
                         .end = present_end,
                         .protection = request.protection,
                         .backing = Backing::object,
                         .shared = shared});
    }
    if (source.present != request.length) {
        regions_.insert({.start = present_end,
                         .end = address + request.length,
                         .protection = request.protection,
                         .backing = Backing::absent,
                         .shared = shared});
    }
    return address;
}

Result<void> ProgramSpace::remove(std::uint64_t address, std::uint64_t length) {
    const std::uint64_t end = address + length;
    if (!regions_.overlaps(address, end)) {
        return {};
    }
    TRY(or_errno(ipc::own_space()->unmap(address, length)));
    for (const Region& part : regions_.parts(address, end)) {
        if (part.backing == Backing::own) {
            // Otherwise the pages would be there again when the offset is next used.
            (void)backing_->decommit({part.offset, part.length()});
            offsets_.remove(part.offset, part.offset + part.length());
        }
    }
    regions_.remove(address, end);
    return {};
}

Result<void> ProgramSpace::unmap(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    return remove(address, length);
}

Result<void> ProgramSpace::protect(std::uint64_t address, std::uint64_t length,
                                   std::uint32_t protection) {
    const std::uint64_t flags = TRY(to_map_flags(protection));
    MutexGuard guard{lock_};
    if (!regions_.covers(address, address + length)) {
        return base::fail(Errno::enomem);
    }
    for (const Region& part : regions_.parts(address, address + length)) {
        if (part.backing == Backing::absent) {
            continue;
        }
        const auto done = ipc::own_space()->protect(part.start, part.length(), flags);
        if (!done) {
            return base::fail(done.error() == abi::Error::missing_right ? Errno::eacces
                                                                        : to_errno(done.error()));
        }
    }
    regions_.protect(address, address + length, protection);
    return {};
}

Result<void> ProgramSpace::discard(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    const std::uint64_t end = address + length;
    for (const Region& part : regions_.parts(address, end)) {
        if (part.backing == Backing::own) {
            TRY(or_errno(backing_->decommit({part.offset, part.length()})));
        } else if (part.backing == Backing::inherited) {
            TRY(remove(part.start, part.length()));
            TRY(map_own(part.start, part.length(), part.protection));
        }
    }
    if (!regions_.covers(address, end)) {
        return base::fail(Errno::enomem);
    }
    return {};
}

Result<std::uint64_t> ProgramSpace::grow_in_place(const Region& region, std::uint64_t address,
                                                  std::uint64_t old_length, std::uint64_t length) {
    const std::uint64_t old_end = address + old_length;
    if (region.backing == Backing::object || region.backing == Backing::absent ||
        !base::range_fits(address, length, high) || regions_.overlaps(old_end, address + length)) {
        return base::fail(Errno::enomem);
    }
    TRY(map_own(old_end, length - old_length, region.protection));
    return address;
}

Result<std::uint64_t> ProgramSpace::remap(std::uint64_t address, std::uint64_t old_length,
                                          const Request& request, bool may_move) {
    std::uint64_t target = 0;
    Region region;
    {
        MutexGuard guard{lock_};
        const Region* found = regions_.at(address);
        if (found == nullptr || !regions_.covers(address, address + old_length)) {
            return base::fail(Errno::efault);
        }
        region = *found;
        const bool stays = request.placement == Placement::anywhere;
        if (stays && request.length <= old_length) {
            if (request.length < old_length) {
                TRY(remove(address + request.length, old_length - request.length));
            }
            return address;
        }
        if (stays) {
            const auto grown = grow_in_place(region, address, old_length, request.length);
            if (grown || !may_move) {
                return grown;
            }
        }
        if (region.backing == Backing::object && region.shared) {
            return base::fail(Errno::enomem);
        }
        target = TRY(place(request));
        TRY(map_own(target, request.length,
                    linux_abi::Protection::read | linux_abi::Protection::write));
    }
    // Both ranges are the program's: a thread that unmaps one meanwhile gets what it asked for.
    TRY(user::copy_in(reinterpret_cast<void*>(target), address,
                      std::min(old_length, request.length)));
    TRY(protect(target, request.length, region.protection));
    TRY(unmap(address, old_length));
    return target;
}

bool ProgramSpace::is_mapped(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    return regions_.covers(address, address + length);
}

std::optional<Region> ProgramSpace::region_at(std::uint64_t address) {
    MutexGuard guard{lock_};
    const Region* region = regions_.at(address);
    return region == nullptr ? std::nullopt : std::optional{*region};
}

void ProgramSpace::set_break(std::uint64_t address) {
    MutexGuard guard{lock_};
    break_start_ = address;
    break_ = address;
}

std::uint64_t ProgramSpace::move_break(std::uint64_t address) {
    MutexGuard guard{lock_};
    const std::uint64_t limit = limit_of(Resource::data).soft;
    if (address < break_start_ || address > high ||
        (limit != no_limit && address - break_start_ > limit)) {
        return break_;
    }
    const std::uint64_t old_end = base::align_up(break_, abi::page_size);
    const std::uint64_t new_end = base::align_up(address, abi::page_size);
    if (new_end > old_end) {
        if (regions_.overlaps(old_end, new_end) ||
            !map_own(old_end, new_end - old_end,
                     linux_abi::Protection::read | linux_abi::Protection::write)) {
            return break_;
        }
    } else if (new_end < old_end && !remove(new_end, old_end - new_end)) {
        return break_;
    }
    break_ = address;
    return break_;
}

Result<void> ProgramSpace::clear() {
    MutexGuard guard{lock_};
    for (const Region& region : regions_.regions()) {
        TRY(or_errno(ipc::own_space()->unmap(region.start, region.length())));
    }
    regions_.clear();
    offsets_.clear();
    backing_.reset();
    break_start_ = 0;
    break_ = 0;
    return {};
}

void ProgramSpace::on_fork_child() {
    // The lock is held by the forking thread, which is the only one here.
    [this]() __attribute__((no_thread_safety_analysis)) {
        regions_.inherit();
        offsets_.clear();
        backing_.reset();  // names the parent's Memory
    }();
}

}  // namespace linux
