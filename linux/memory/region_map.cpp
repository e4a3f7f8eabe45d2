// SPDX-License-Identifier: MIT
#include "linux/memory/region_map.hpp"

#include <algorithm>

namespace linux {
namespace {

bool joinable(const Region& a, const Region& b) {
    return a.end == b.start && a.protection == b.protection && a.backing == b.backing &&
           a.shared == b.shared && a.paid == b.paid && a.locked == b.locked &&
           a.fork_rule == b.fork_rule && a.backing != Backing::object &&
           a.backing != Backing::lent &&
           ((a.backing != Backing::own && a.backing != Backing::sparse) ||
            a.offset + a.length() == b.offset);
}

}  // namespace

std::size_t RegionMap::first_below(std::uint64_t address) const {
    const auto found = std::ranges::partition_point(
        regions_, [=](const Region& region) { return region.start >= address; });
    return static_cast<std::size_t>(found - regions_.begin());
}

const Region* RegionMap::at(std::uint64_t address) const {
    const std::size_t i = first_below(address + 1);
    return i < regions_.size() && regions_[i].end > address ? &regions_[i] : nullptr;
}

bool RegionMap::covers(std::uint64_t start, std::uint64_t end) const {
    std::uint64_t at = end;
    for (std::size_t i = first_below(end); at > start; ++i) {
        if (i == regions_.size() || regions_[i].end < at) {
            return false;
        }
        at = regions_[i].start;
    }
    return true;
}

bool RegionMap::overlaps(std::uint64_t start, std::uint64_t end) const {
    const std::size_t i = first_below(end);
    return i < regions_.size() && regions_[i].end > start;
}

RegionMap::Regions RegionMap::parts(std::uint64_t start, std::uint64_t end) const {
    Regions result;
    for (std::size_t i = first_below(end); i < regions_.size() && regions_[i].end > start; ++i) {
        Region part = regions_[i];
        if (part.start < start) {
            part.offset += start - part.start;
            part.start = start;
        }
        part.end = std::min(part.end, end);
        result.push_back(part);
    }
    std::ranges::reverse(result);
    return result;
}

void RegionMap::join(std::size_t index) {
    if (index + 1 < regions_.size() && joinable(regions_[index + 1], regions_[index])) {
        regions_[index + 1].end = regions_[index].end;
        regions_.erase(regions_.begin() + static_cast<std::ptrdiff_t>(index));
    }
}

void RegionMap::insert(const Region& region) {
    const std::size_t i = first_below(region.start);
    regions_.insert(regions_.begin() + static_cast<std::ptrdiff_t>(i), region);
    join(i);
    if (i != 0) {
        join(i - 1);
    }
}

void RegionMap::split(std::uint64_t address) {
    const std::size_t i = first_below(address);
    if (i == regions_.size() || regions_[i].end <= address) {
        return;
    }
    Region upper = regions_[i];
    regions_[i].end = address;
    upper.offset += address - upper.start;
    upper.start = address;
    regions_.insert(regions_.begin() + static_cast<std::ptrdiff_t>(i), upper);
}

void RegionMap::remove(std::uint64_t start, std::uint64_t end) {
    split(start);
    split(end);
    regions_.erase(regions_.begin() + static_cast<std::ptrdiff_t>(first_below(end)),
                   regions_.begin() + static_cast<std::ptrdiff_t>(first_below(start)));
}

template <class Change>
void RegionMap::change(std::uint64_t start, std::uint64_t end, Change&& change) {
    split(start);
    split(end);
    const std::size_t first = first_below(end), last = first_below(start);
    for (std::size_t i = first; i < last; ++i) {
        change(regions_[i]);
    }
    for (std::size_t i = last; i > first; --i) {
        join(i - 1);
    }
    if (first != 0) {
        join(first - 1);
    }
}

void RegionMap::protect(std::uint64_t start, std::uint64_t end, std::uint32_t protection) {
    change(start, end, [protection](Region& region) {
        region.protection = protection;
        region.paid = region.paid || (region.backing == Backing::own && protection != 0);
    });
}

void RegionMap::lock(std::uint64_t start, std::uint64_t end, bool locked) {
    change(start, end, [locked](Region& region) { region.locked = locked; });
}

void RegionMap::lock_all(bool locked) { lock(0, ~std::uint64_t{0}, locked); }

bool RegionMap::any_locked(std::uint64_t start, std::uint64_t end) const {
    return std::ranges::any_of(parts(start, end), &Region::locked);
}

std::uint64_t RegionMap::locked_bytes() const {
    std::uint64_t total = 0;
    for (const Region& region : regions_) {
        total += region.locked ? region.length() : 0;
    }
    return total;
}

void RegionMap::set_fork_rule(std::uint64_t start, std::uint64_t end, ForkRule rule) {
    change(start, end, [rule](Region& region) { region.fork_rule = rule; });
}

void RegionMap::inherit() {
    for (Region& region : regions_) {
        if (region.backing == Backing::own || region.backing == Backing::sparse) {
            region.backing = Backing::inherited;
        }
        region.paid = false;
        region.locked = false;
    }
}

std::optional<std::uint64_t> RegionMap::find_gap(std::uint64_t length, std::uint64_t low,
                                                 std::uint64_t& full_from) const {
    bool full = true;
    std::uint64_t top = full_from;
    std::size_t i = first_below(top);
    if (i < regions_.size() && regions_[i].end > top) {
        top = regions_[i++].start;
    }
    for (;;) {
        // The regions from i on end at or below `top`, the others begin there or above.
        const std::uint64_t below = i == regions_.size() ? 0 : regions_[i].end;
        const std::uint64_t bottom = std::max(low, below);
        if (full) {
            full_from = top;
        }
        if (top >= bottom && top - bottom >= length) {
            return top - length;
        }
        if (i == regions_.size() || top <= low) {
            return std::nullopt;
        }
        full = full && below == top;
        top = regions_[i++].start;
    }
}

std::uint64_t RegionMap::find_low_gap(std::uint64_t length, std::uint64_t low) const {
    std::uint64_t at = low;
    const auto ends_above = [=](const Region& region) { return region.end > low; };
    for (auto i = std::ranges::partition_point(regions_, ends_above); i != regions_.begin();) {
        --i;
        if (i->start >= at && i->start - at >= length) {
            break;
        }
        at = std::max(at, i->end);
    }
    return at;
}

std::uint64_t RegionMap::own_bytes(std::uint64_t start, std::uint64_t end, bool paid) const {
    std::uint64_t total = 0;
    for (std::size_t i = first_below(end); i < regions_.size() && regions_[i].end > start; ++i) {
        const Region& region = regions_[i];
        if (region.backing == Backing::own && region.paid == paid) {
            total += std::min(region.end, end) - std::max(region.start, start);
        }
    }
    return total;
}

std::uint64_t RegionMap::total_bytes() const {
    std::uint64_t total = 0;
    for (const Region& region : regions_) {
        total += region.length();
    }
    return total;
}

}  // namespace linux
