// SPDX-License-Identifier: MIT
#include "linux/memory/program_space.hpp"

#include <algorithm>

#include "libs/base/align.hpp"
#include "libs/base/scope_guard.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/out_of_memory.hpp"
#include "linux/process/state.hpp"

namespace linux {

ProgramSpace& program_space() {
    static constinit ProgramSpace space;
    return space;
}

namespace {

// The kernel's flags for a protection; of what is both, a page is writable first.
std::uint64_t to_map_flags(std::uint32_t protection) {
    using linux_abi::Protection;
    const bool write = (protection & Protection::write) != 0;
    const bool execute = (protection & Protection::execute) != 0 && !write;
    std::uint64_t flags = 0;
    flags |= (protection & Protection::read) != 0 ? abi::MapFlags::read : 0;
    flags |= write ? abi::MapFlags::write | abi::MapFlags::read : 0;
    flags |= execute ? abi::MapFlags::execute | abi::MapFlags::read : 0;
    return flags;
}

}  // namespace

// ---- the limit --------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t large_page = std::uint64_t{2} << 20;

// The kernel is told in steps, so that small mappings do not each cost a system call.
constexpr std::uint64_t reserve_step = 64 * 1024;
constexpr std::uint64_t most_ahead = 4 * reserve_step;

// What page tables and the like take, which are bought when the pages are touched.
constexpr std::uint64_t overhead_of(std::uint64_t bytes) {
    return base::align_up(bytes / 256, abi::page_size) + 4 * abi::page_size;
}

}  // namespace

Result<void> ProgramSpace::pay(std::uint64_t bytes) {
    const std::uint64_t promised = promised_ + bytes;
    if (promised > reserved_) {
        const std::uint64_t wanted = base::align_up(promised, reserve_step);
        const auto fits = own_.memory->reserve(wanted + overhead_of(wanted));
        const auto done = own_.memory->reserve(fits ? wanted : reserved_);
        if (!fits || !done) {
            return base::fail(Errno::enomem);
        }
        reserved_ = wanted;
    }
    promised_ = promised;
    return {};
}

void ProgramSpace::refund(std::uint64_t bytes) {
    promised_ -= bytes;
    if (reserved_ - promised_ > most_ahead) {
        reserved_ = base::align_up(promised_, reserve_step);
        (void)own_.memory->reserve(reserved_);
    }
}

// ---- placing ------------------------------------------------------------------------------------

Result<std::uint64_t> ProgramSpace::place(const Request& request) {
    if (request.length == 0 || request.length > high) {
        return base::fail(request.length == 0 ? Errno::einval : Errno::enomem);
    }
    const std::uint64_t limit = limit_of(Resource::address_space).soft;
    if (limit != no_limit && regions_.total_bytes() + request.length > limit) {
        return base::fail(Errno::enomem);
    }
    if (regions_.regions().size() >= most_regions) {
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
    std::uint64_t low_top = std::uint64_t{1} << 31;
    std::uint64_t& top = request.below_4g ? low_top : full_from_;
    // Where large pages fit in, it begins with one.
    const std::uint64_t slack = request.length >= large_page ? large_page - abi::page_size : 0;
    if (const auto gap = regions_.find_gap(request.length + slack, low, top); gap && slack != 0) {
        return base::align_up(*gap, large_page);
    }
    const auto gap = regions_.find_gap(request.length, low, top);
    if (!gap) {
        return base::fail(Errno::enomem);
    }
    return *gap;
}

std::uint64_t ProgramSpace::pick_offset(const OwnRange& range) {
    const Backing backing = range.sparse ? Backing::sparse : Backing::own;
    const RegionMap& offsets = pool_of(backing).offsets;
    const Region* before = regions_.at(range.address - 1);
    if (before != nullptr && before->backing == backing) {
        const std::uint64_t next = before->offset + before->length();
        if (!offsets.overlaps(next, next + range.length) &&
            (range.length < large_page || (next - range.address) % large_page == 0)) {
            return next;
        }
    }
    if (range.length < large_page) {
        return offsets.find_low_gap(range.length, 0);
    }
    // Large pages need an offset that is aligned as the address is.
    const std::uint64_t gap = offsets.find_low_gap(range.length + large_page, 0);
    return gap + (range.address - gap) % large_page;
}

Result<void> ProgramSpace::map_in_pool(const OwnRange& range) {
    const Backing backing = range.sparse ? Backing::sparse : Backing::own;
    Pool& pool = pool_of(backing);
    const std::uint64_t flags = to_map_flags(range.protection);
    const std::uint64_t offset = pick_offset(range);
    if (!base::range_fits(offset, range.length, high)) {
        return base::fail(Errno::enomem);
    }
    TRY(or_errno(ipc::own_space()->map(
        pool.memory,
        {.address = range.address, .length = range.length, .offset = offset, .flags = flags})));
    pool.offsets.insert({.start = offset, .end = offset + range.length, .offset = offset});
    regions_.insert({.start = range.address,
                     .end = range.address + range.length,
                     .offset = offset,
                     .protection = range.protection,
                     .backing = backing,
                     .shared = false,
                     .paid = !range.sparse && range.protection != 0,
                     .locked = lock_new_});
    return {};
}

Result<void> ProgramSpace::map_own(const OwnRange& range) {
    Pool& pool = range.sparse ? sparse_ : own_;
    if (!pool.memory) {
        pool.memory = TRY(or_errno(ipc::own_bank()->create_memory(high)));
    }
    const bool pays = !range.sparse && range.protection != 0;
    if (pays) {
        TRY(pay(range.length));
    }
    auto mapped = map_in_pool(range);
    if (!mapped && pays) {
        refund(range.length);
    }
    return mapped;
}

Result<std::uint64_t> ProgramSpace::map_anonymous(const Request& request) {
    MutexGuard guard{lock_};
    note_protection(request.protection);
    const std::uint64_t address = TRY(place(request));
    TRY(map_own({address, request.length, request.protection, request.sparse}));
    return address;
}

Result<std::uint64_t> ProgramSpace::map_object(const Request& request, const Source& source,
                                               bool shared) {
    std::uint64_t flags = to_map_flags(request.protection);
    if (shared) {
        if (is_writable_code(request.protection)) {
            return base::fail(Errno::eacces);
        }
        flags |= abi::MapFlags::on_clone_share;
    }
    MutexGuard guard{lock_};
    note_protection(request.protection);
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
                         .shared = shared,
                         .locked = lock_new_});
    }
    if (source.present != request.length) {
        regions_.insert({.start = present_end,
                         .end = address + request.length,
                         .protection = request.protection,
                         .backing = Backing::absent,
                         .shared = shared,
                         .locked = lock_new_});
    }
    return address;
}

Result<std::uint64_t> ProgramSpace::map_lent(const Request& request, const Source& source) {
    if (is_writable_code(request.protection)) {
        return base::fail(Errno::eacces);
    }
    const std::uint64_t flags = to_map_flags(request.protection) | abi::MapFlags::on_clone_share |
                                abi::MapFlags::write_combining;
    MutexGuard guard{lock_};
    const std::uint64_t address = TRY(place(request));
    TRY(or_errno(ipc::own_space()->map(
        source.memory,
        {.address = address, .length = source.present, .offset = source.offset, .flags = flags})));
    regions_.insert({.start = address,
                     .end = address + source.present,
                     .protection = request.protection,
                     .backing = Backing::lent,
                     .shared = true,
                     .locked = lock_new_});
    return address;
}

bool ProgramSpace::replace_lent(std::uint64_t address) {
    MutexGuard guard{lock_};
    const Region* region = regions_.at(address);
    if (region == nullptr || region->backing != Backing::lent) {
        return false;
    }
    if (const auto there = ipc::own_space()->query(address); there && there->mapped) {
        return true;  // another thread has, meanwhile
    }
    const std::uint64_t flags = to_map_flags(region->protection);
    const auto memory = ipc::own_bank()->create_memory(region->length());
    // Paid for now: else the next fault would be for want of it.
    return memory && (*memory)->reserve(region->length()) &&
           ipc::own_space()->map(
               *memory, {.address = region->start, .length = region->length(), .flags = flags});
}

bool ProgramSpace::turn_page(std::uint64_t address, bool to_execute) {
    if (!pages_turn_.load(std::memory_order_relaxed)) {
        return false;
    }
    MutexGuard guard{lock_};
    const Region* region = regions_.at(address);
    if (region == nullptr || !is_writable_code(region->protection)) {
        return false;
    }
    const std::uint64_t wanted =
        to_map_flags(to_execute ? linux_abi::Protection::execute : linux_abi::Protection::write);
    const auto there = ipc::own_space()->query(address);
    if (there && there->mapped && (there->flags & wanted) == wanted) {
        // Another thread has turned it meanwhile; or it is right, and its page cannot be had.
        return region->backing != Backing::object && !is_memory_exhausted();
    }
    const std::uint64_t page = base::align_down(address, abi::page_size);
    return ipc::own_space()->protect(page, abi::page_size, wanted).has_value();
}

void ProgramSpace::note_protection(std::uint32_t protection) {
    if (is_writable_code(protection)) {
        pages_turn_.store(true, std::memory_order_relaxed);
    }
}

Result<void> ProgramSpace::remove(std::uint64_t address, std::uint64_t length) {
    const std::uint64_t end = address + length;
    if (!regions_.overlaps(address, end)) {
        return {};
    }
    TRY(or_errno(ipc::own_space()->unmap(address, length)));
    for (const Region& part : regions_.parts(address, end)) {
        if (part.backing == Backing::own || part.backing == Backing::sparse) {
            // Otherwise the pages would be there again when the offset is next used.
            Pool& pool = pool_of(part.backing);
            (void)pool.memory->decommit({part.offset, part.length()});
            pool.offsets.remove(part.offset, part.offset + part.length());
        }
    }
    if (const std::uint64_t paid = regions_.own_bytes(address, end, true); paid != 0) {
        refund(paid);
    }
    regions_.remove(address, end);
    full_from_ = std::max(full_from_, end);
    return {};
}

Result<void> ProgramSpace::unmap(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    return remove(address, length);
}

Result<void> ProgramSpace::protect(std::uint64_t address, std::uint64_t length,
                                   std::uint32_t protection) {
    const std::uint64_t flags = to_map_flags(protection);
    MutexGuard guard{lock_};
    if (!regions_.covers(address, address + length)) {
        return base::fail(Errno::enomem);
    }
    const RegionMap::Regions parts = regions_.parts(address, address + length);
    if (is_writable_code(protection) && std::ranges::any_of(parts, &Region::shared)) {
        return base::fail(Errno::eacces);
    }
    note_protection(protection);
    const std::uint64_t unpaid =
        protection == 0 ? 0 : regions_.own_bytes(address, address + length, false);
    if (unpaid != 0) {
        TRY(pay(unpaid));
    }
    base::ScopeGuard undo{[&]() __attribute__((no_thread_safety_analysis)) {
        if (unpaid != 0) {
            refund(unpaid);
        }
    }};
    for (const Region& part : parts) {
        if (part.backing == Backing::absent) {
            continue;
        }
        const auto done = ipc::own_space()->protect(part.start, part.length(), flags);
        if (!done) {
            return base::fail(done.error() == abi::Error::missing_right ? Errno::eacces
                                                                        : to_errno(done.error()));
        }
    }
    undo.dismiss();
    regions_.protect(address, address + length, protection);
    return {};
}

Result<void> ProgramSpace::discard(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    const std::uint64_t end = address + length;
    for (const Region& part : regions_.parts(address, end)) {
        if (part.backing == Backing::own || part.backing == Backing::sparse) {
            const auto& memory = pool_of(part.backing).memory;
            TRY(or_errno(memory->decommit({part.offset, part.length()})));
        } else if (part.backing == Backing::inherited) {
            TRY(remove(part.start, part.length()));
            TRY(map_own({part.start, part.length(), part.protection, true}));
        }
    }
    if (!regions_.covers(address, end)) {
        return base::fail(Errno::enomem);
    }
    return {};
}

namespace {

bool is_anonymous(const Region& region) {
    return !region.shared && (region.backing == Backing::own || region.backing == Backing::sparse ||
                              region.backing == Backing::inherited);
}

}  // namespace

bool ProgramSpace::is_anonymous(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    return std::ranges::all_of(regions_.parts(address, address + length),
                               [](const Region& part) { return linux::is_anonymous(part); });
}

Result<void> ProgramSpace::set_fork_rule(std::uint64_t address, std::uint64_t length,
                                         ForkRule rule) {
    MutexGuard guard{lock_};
    const std::uint64_t end = address + length;
    if (!regions_.covers(address, end)) {
        return base::fail(Errno::enomem);
    }
    if (rule == ForkRule::wipe &&
        !std::ranges::all_of(regions_.parts(address, end),
                             [](const Region& part) { return linux::is_anonymous(part); })) {
        return base::fail(Errno::einval);
    }
    regions_.set_fork_rule(address, end, rule);
    has_fork_rules_ |= rule != ForkRule::copy;
    return {};
}

// What cannot be had anew is not there: the child must not go on with what it was to forget.
void ProgramSpace::apply_fork_rules() {
    [this]() __attribute__((no_thread_safety_analysis)) {  // held, as for on_fork_child
        if (!has_fork_rules_) {
            return;
        }
        for (const Region& part : regions_.parts(low, high)) {
            if (part.fork_rule == ForkRule::copy) {
                continue;
            }
            const bool gone = static_cast<bool>(remove(part.start, part.length()));
            if (gone && part.fork_rule == ForkRule::wipe &&
                map_own({part.start, part.length(), part.protection, true})) {
                regions_.set_fork_rule(part.start, part.end, ForkRule::wipe);
            }
        }
    }();
}

Result<void> ProgramSpace::populate(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    for (const Region& part : regions_.parts(address, address + length)) {
        if ((part.backing == Backing::own || part.backing == Backing::sparse) &&
            part.protection != 0) {
            TRY(or_errno(pool_of(part.backing).memory->commit({part.offset, part.length()})));
        }
    }
    return {};
}

Result<std::uint64_t> ProgramSpace::grow_in_place(const Region& region, std::uint64_t address,
                                                  std::uint64_t old_length, std::uint64_t length) {
    const std::uint64_t old_end = address + old_length;
    if (region.backing == Backing::object || region.backing == Backing::lent ||
        region.backing == Backing::absent || !base::range_fits(address, length, high) ||
        regions_.overlaps(old_end, address + length)) {
        return base::fail(Errno::enomem);
    }
    TRY(map_own(
        {old_end, length - old_length, region.protection, region.backing == Backing::sparse}));
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
        if ((region.backing == Backing::object || region.backing == Backing::lent) &&
            region.shared) {
            return base::fail(Errno::enomem);
        }
        target = TRY(place(request));
        TRY(map_own({target, request.length,
                     linux_abi::Protection::read | linux_abi::Protection::write,
                     region.backing == Backing::sparse}));
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
            !map_own({old_end, new_end - old_end,
                      linux_abi::Protection::read | linux_abi::Protection::write, false})) {
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
    // What is borrowed is given back; otherwise it is, or has become, this process's own.
    if (!TRY(or_errno(ipc::own_space()->settle(false)))) {
        TRY(or_errno(ipc::own_space()->unmap(low, high - low)));
    }
    regions_.clear();
    full_from_ = high;
    lock_new_ = false;
    has_fork_rules_ = false;
    own_ = {};
    sparse_ = {};
    promised_ = 0;
    reserved_ = 0;
    break_start_ = 0;
    break_ = 0;
    return {};
}

// ---- locking ------------------------------------------------------------------------------------

Result<void> ProgramSpace::lock_pages(std::uint64_t address, std::uint64_t length,
                                      std::uint64_t most) {
    MutexGuard guard{lock_};
    const std::uint64_t end = address + length;
    if (!regions_.covers(address, end)) {
        return base::fail(Errno::enomem);
    }
    std::uint64_t locked = regions_.locked_bytes() + length;
    for (const Region& part : regions_.parts(address, end)) {
        locked -= part.locked ? part.length() : 0;
    }
    if (locked > most) {
        return base::fail(Errno::enomem);
    }
    regions_.lock(address, end, true);
    return {};
}

Result<void> ProgramSpace::unlock_pages(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    if (!regions_.covers(address, address + length)) {
        return base::fail(Errno::enomem);
    }
    regions_.lock(address, address + length, false);
    return {};
}

void ProgramSpace::lock_all_pages(bool present, bool future) {
    MutexGuard guard{lock_};
    if (present) {
        regions_.lock_all(true);
    }
    lock_new_ = future;
}

void ProgramSpace::unlock_all_pages() {
    MutexGuard guard{lock_};
    regions_.lock_all(false);
    lock_new_ = false;
}

bool ProgramSpace::has_locked_pages(std::uint64_t address, std::uint64_t length) {
    MutexGuard guard{lock_};
    return regions_.any_locked(address, address + length);
}

void ProgramSpace::on_fork_child() {
    // The lock is held by the forking thread, which is the only one here.
    [this]() __attribute__((no_thread_safety_analysis)) {
        regions_.inherit();
        lock_new_ = false;
        own_ = {};  // names the parent's Memory
        sparse_ = {};
        promised_ = 0;
        reserved_ = 0;
    }();
}

}  // namespace linux
