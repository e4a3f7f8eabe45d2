// SPDX-License-Identifier: MIT
#include "linux/memory/region_map.hpp"

#include <algorithm>

namespace linux {
namespace {

bool joinable(const Region& a, const Region& b) {
    return a.end == b.start && a.protection == b.protection && a.backing == b.backing &&
           a.shared == b.shared && a.paid == b.paid && a.backing != Backing::object &&
           a.backing != Backing::lent &&
           ((a.backing != Backing::own && a.backing != Backing::sparse) ||
            a.offset + a.length() == b.offset);
}

}  // namespace

std::size_t RegionMap::first_after(std::uint64_t address) const {
    const auto found = std::upper_bound(
        regions_.begin(), regions_.end(), address,
        [](std::uint64_t value, const Region& region) { return value < region.end; });
    return static_cast<std::size_t>(found - regions_.begin());
}

const Region* RegionMap::at(std::uint64_t address) const {
    const std::size_t i = first_after(address);
    return i < regions_.size() && regions_[i].start <= address ? &regions_[i] : nullptr;
}

bool RegionMap::covers(std::uint64_t start, std::uint64_t end) const {
    std::uint64_t at = start;
    for (std::size_t i = first_after(start); at < end; ++i) {
        if (i == regions_.size() || regions_[i].start > at) {
            return false;
        }
        at = regions_[i].end;
    }
    return true;
}

bool RegionMap::overlaps(std::uint64_t start, std::uint64_t end) const {
    const std::size_t i = first_after(start);
    return i < regions_.size() && regions_[i].start < end;
}

RegionMap::Regions RegionMap::parts(std::uint64_t start, std::uint64_t end) const {
    Regions result;
    for (std::size_t i = first_after(start); i < regions_.size() && regions_[i].start < end; ++i) {
        Region part = regions_[i];
        if (part.start < start) {
            part.offset += start - part.start;
            part.start = start;
        }
        part.end = std::min(part.end, end);
        result.push_back(part);
    }
    return result;
}

void RegionMap::join(std::size_t index) {
    if (index + 1 < regions_.size() && joinable(regions_[index], regions_[index + 1])) {
        regions_[index].end = regions_[index + 1].end;
        regions_.erase(regions_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
    }
}

void RegionMap::insert(const Region& region) {
    const std::size_t i = first_after(region.start);
    regions_.insert(regions_.begin() + static_cast<std::ptrdiff_t>(i), region);
    join(i);
    if (i != 0) {
        join(i - 1);
    }
}

void RegionMap::split(std::uint64_t address) {
    const std::size_t i = first_after(address);
    if (i == regions_.size() || regions_[i].start >= address) {
        return;
    }
    Region upper = regions_[i];
    regions_[i].end = address;
    upper.offset += address - upper.start;
    upper.start = address;
    regions_.insert(regions_.begin() + static_cast<std::ptrdiff_t>(i) + 1, upper);
}

void RegionMap::remove(std::uint64_t start, std::uint64_t end) {
    split(start);
    split(end);
    const auto first = regions_.begin() + static_cast<std::ptrdiff_t>(first_after(start));
    auto last = first;
    while (last != regions_.end() && last->start < end) {
        ++last;
    }
    regions_.erase(first, last);
}

void RegionMap::protect(std::uint64_t start, std::uint64_t end, std::uint32_t protection) {
    split(start);
    split(end);
    const std::size_t first = first_after(start);
    std::size_t last = first;
    for (; last < regions_.size() && regions_[last].start < end; ++last) {
        Region& region = regions_[last];
        region.protection = protection;
        region.paid = region.paid || (region.backing == Backing::own && protection != 0);
    }
    for (std::size_t i = last; i + 1 > first; --i) {
        join(i);
    }
    if (first != 0) {
        join(first - 1);
    }
}

void RegionMap::inherit() {
    for (Region& region : regions_) {
        if (region.backing == Backing::own || region.backing == Backing::sparse) {
            region.backing = Backing::inherited;
        }
        region.paid = false;
    }
}

std::optional<std::uint64_t> RegionMap::find_gap(std::uint64_t length, std::uint64_t low,
                                                 std::uint64_t high) const {
    std::uint64_t top = high;
    for (std::size_t i = first_after(high); i != 0 || top > low; --i) {
        // The gap below `top` reaches down to the end of the region before it.
        if (i < regions_.size() && regions_[i].start < top) {
            top = std::min(top, regions_[i].start);
        }
        const std::uint64_t bottom = std::max(low, i == 0 ? 0 : regions_[i - 1].end);
        if (top >= bottom && top - bottom >= length) {
            return top - length;
        }
        if (i == 0) {
            break;
        }
        top = std::min(top, regions_[i - 1].start);
        if (top <= low) {
            break;
        }
    }
    return std::nullopt;
}

std::uint64_t RegionMap::find_low_gap(std::uint64_t length, std::uint64_t low) const {
    std::uint64_t at = low;
    for (std::size_t i = first_after(low); i < regions_.size(); ++i) {
        if (regions_[i].start >= at && regions_[i].start - at >= length) {
            break;
        }
        at = std::max(at, regions_[i].end);
    }
    return at;
}

std::uint64_t RegionMap::own_bytes(std::uint64_t start, std::uint64_t end, bool paid) const {
    std::uint64_t total = 0;
    for (std::size_t i = first_after(start); i < regions_.size() && regions_[i].start < end; ++i) {
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
