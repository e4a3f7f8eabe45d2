// SPDX-License-Identifier: MIT
#include "servers/vfs/grants.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "libs/base/align.hpp"

namespace vfs {
namespace {

// The bits of a record. Rights::see to Rights::create for the path and what is below it; the same for
// what is directly in it; then of the path alone.
constexpr std::uint16_t below_mask = 0xf;
constexpr unsigned children_shift = 4;
constexpr std::uint16_t own_see = 0x100;
constexpr std::uint16_t own_make = 0x200;
constexpr std::uint16_t own_remove = 0x400;
constexpr std::uint16_t own_mask = own_see | own_make | own_remove;
constexpr std::uint16_t is_rule = 0x800;
constexpr std::uint16_t is_way = 0x1000;  // there are records further below
constexpr std::uint16_t of_rules = own_mask | is_way;

constexpr std::uint32_t fewest_buckets = 16, most_buckets = 1 << 16;
constexpr std::uint32_t first_capacity = 16 * 1024;
constexpr std::uint32_t most_bytes = std::uint32_t{1} << 30;

// FNV-1a. Whoever makes paths that collide makes its own view slower.
struct Hash {
    std::uint32_t value = 0x811c9dc5;
    void add(std::string_view text) {
        for (const char byte : text) {
            value = (value ^ static_cast<unsigned char>(byte)) * 0x01000193;
        }
    }
};

std::uint32_t hash_of(std::string_view path) {
    Hash hash;
    hash.add(path);
    return hash.value;
}

template <class T>
std::span<const std::byte> bytes_of(const T& object) {
    return std::as_bytes(std::span{&object, 1});
}

// The rights that come with names::Right.
constexpr std::uint16_t below_bits(std::uint8_t rights) {
    return static_cast<std::uint16_t>(Rights::see | (rights & names::Right::all) << 1);
}

constexpr std::uint8_t rights_of(std::uint16_t below, std::uint16_t own) {
    std::uint16_t rights = below;
    rights |= (own & own_see) != 0 ? Rights::see : 0;
    rights |= (below & Rights::create) != 0 || (own & own_make) != 0 ? Rights::make_directory : 0;
    rights |=
        (below & Rights::write) != 0 || (own & own_remove) != 0 ? Rights::remove_directory : 0;
    return static_cast<std::uint8_t>(rights);
}

}  // namespace

Grants::Grants(std::uint32_t names, NameMemoryMaker& maker, ipc::Capability<ipc::Bank> payer)
    : maker_(maker),
      payer_(std::move(payer)),
      buckets_(std::bit_ceil(std::clamp(names, fewest_buckets, most_buckets))) {}

Result<std::span<const std::byte>> Grants::read(std::uint32_t offset, std::size_t length) {
    if (outside_) {
        return outside_->read(offset, length);
    }
    return std::span<const std::byte>{kept_}.subspan(offset, length);
}

Result<void> Grants::write(std::uint32_t offset, std::span<const std::byte> data) {
    if (outside_) {
        return outside_->write(offset, data);
    }
    std::ranges::copy(data, kept_.begin() + offset);
    return {};
}

// The buckets come first, with the first record.
Result<void> Grants::extend(std::size_t bytes) {
    const std::uint32_t before = used_ == 0 ? buckets_ * 4 : used_;
    if (bytes > most_bytes - before) {
        return base::fail(Status::limit);
    }
    const auto wanted = static_cast<std::uint32_t>(before + bytes);
    if (!outside_ && wanted <= most_kept) {
        kept_.resize(wanted);
    } else {
        if (!outside_) {
            auto made = TRY(maker_.make_name_memory(payer_));
            TRY(made->resize(std::max(first_capacity, std::bit_ceil(wanted))));
            if (!kept_.empty()) {
                TRY(made->write(0, kept_));
            }
            capacity_ = std::max(first_capacity, std::bit_ceil(wanted));
            outside_ = std::move(made);
            kept_ = {};
        }
        if (wanted > capacity_) {
            TRY(outside_->resize(std::bit_ceil(wanted)));
            capacity_ = std::bit_ceil(wanted);
        }
    }
    used_ = before;
    return {};
}

Result<Grants::Place> Grants::find(std::string_view path, std::uint32_t hash) {
    Place place;
    if (used_ == 0 || path.size() > longest_name) {
        return place;
    }
    const auto head = TRY(read((hash & (buckets_ - 1)) * 4, sizeof place.offset));
    std::memcpy(&place.offset, head.data(), sizeof place.offset);
    while (place.offset != 0) {
        const std::size_t length =
            std::min<std::size_t>(sizeof(Record) + path.size(), used_ - place.offset);
        const auto bytes = TRY(read(place.offset, length));
        std::memcpy(&place.record, bytes.data(), sizeof place.record);
        if (place.record.length == path.size() &&
            ipc::text(bytes.subspan(sizeof(Record))) == path) {
            return place;
        }
        place.offset = place.record.next;
    }
    return place;
}

Result<bool> Grants::merge(std::string_view path, std::uint16_t bits) {
    if (path.size() > longest_name) {
        return base::fail(Status::name_too_long);
    }
    const std::uint32_t hash = hash_of(path);
    Place place = TRY(find(path, hash));
    if (place.offset != 0) {
        // What a mount shows is not more because its name was granted, too.
        const bool ruled = (place.record.bits & is_rule) != 0;
        const auto merged =
            static_cast<std::uint16_t>(place.record.bits | (ruled ? bits & of_rules : bits));
        if (merged == place.record.bits) {
            return false;
        }
        place.record.bits = merged;
        TRY(write(place.offset, bytes_of(place.record)));
        return true;
    }
    const std::size_t length = base::align_up(sizeof(Record) + path.size(), 4);
    TRY(extend(length));
    const std::uint32_t bucket = (hash & (buckets_ - 1)) * 4;
    Record record{.bits = bits, .length = static_cast<std::uint16_t>(path.size())};
    const auto head = TRY(read(bucket, sizeof record.next));
    std::memcpy(&record.next, head.data(), sizeof record.next);
    TRY(write(used_, bytes_of(record)));
    if (!path.empty()) {
        TRY(write(used_ + sizeof record, ipc::bytes(path)));
    }
    TRY(write(bucket, bytes_of(used_)));
    used_ += static_cast<std::uint32_t>(length);
    return true;
}

// What is above a path that has this has it too.
Result<void> Grants::add_way(std::string_view path, std::uint16_t bits) {
    while (!path.empty()) {
        path = path.substr(0, path.rfind('/'));
        if (!TRY(merge(path, bits | is_way))) {
            return {};
        }
    }
    return {};
}

Result<void> Grants::add_rule(std::string_view path, std::uint8_t rights) {
    TRY(merge(path, is_rule | (rights & below_mask)));
    return add_way(path, rights != 0 ? own_see : 0);
}

Result<void> Grants::add(std::string_view path, std::uint8_t rights, std::uint8_t beside) {
    std::uint16_t way = own_see;
    way |= (rights & names::Right::create) != 0 ? own_make : 0;
    way |= (rights & names::Right::write) != 0 ? own_remove : 0;
    TRY(merge(path, rights != 0 ? below_bits(rights) : own_see));
    TRY(add_way(path, way));
    if (beside != 0 && !path.empty()) {
        const auto children = static_cast<std::uint16_t>(below_bits(beside) << children_shift);
        TRY(merge(path.substr(0, path.rfind('/')), children));
    }
    return {};
}

Grants::Found Grants::at(std::string_view path) {
    Found found;
    std::uint16_t below = 0, children = 0, own = 0;
    Hash hash;
    for (std::size_t end = 0, done = 0;; end = std::min(path.find('/', end + 1), path.size())) {
        hash.add(path.substr(done, end - done));
        done = end;
        const auto place = find(path.substr(0, end), hash.value);
        if (!place) {
            return {};  // the memory is gone
        }
        const bool last = end == path.size();
        if (place->offset != 0) {
            const std::uint16_t bits = place->record.bits;
            const bool ruled = (bits & is_rule) != 0;
            const auto with = static_cast<std::uint16_t>((ruled ? 0 : below) | (bits & below_mask));
            if (with != below || ruled) {
                below = with;
                found.base = end;
                found.uniform = (bits & (is_way | below_mask << children_shift)) == 0;
            }
            const bool is_parent = !last && path.find('/', end + 1) == path.npos;
            children = is_parent       ? bits >> children_shift & below_mask
                       : last && ruled ? 0
                                       : children;
            own = last ? bits & own_mask : 0;
        }
        if (last) {
            break;
        }
    }
    found.rights = rights_of(below | children, own);
    found.uniform = found.uniform && found.rights == rights_of(below, 0);
    return found;
}

}  // namespace vfs
