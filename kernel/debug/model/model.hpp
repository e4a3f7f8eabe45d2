// SPDX-License-Identifier: MIT
// Model: what the kernel should do with capabilities and memory, written as simply as possible: objects and capabilities
// in maps, a derivation tree by parent numbers, memory as values that a copy copies. No references are counted and nothing is
// shared: what nobody can name any more is looked for after each step.
//
// A notification's bits, an endpoint's queue and a thread's time are no part of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "abi/kernel/error.hpp"
#include "abi/kernel/object.hpp"

namespace model {

using abi::Error;
using abi::ObjectType;
using Id = int;  // of an object or a capability; 0: none

struct Object {
    ObjectType type = ObjectType::none;
    Id bank = 0;
    std::uint32_t slots = 0;  // cap_table
    // memory: the first word of each page that is its own; nothing: it is its source's, or its pager has not supplied it
    std::vector<std::optional<std::uint64_t>> pages;
    Id pager = 0;   // paged memory: its endpoint
    Id source = 0;  // a clone of paged memory: whose pages it shows where it has none ...
    std::uint64_t source_first = 0;  // ... from this one on
    bool lost = false;               // the pager, or the source, is no more
    bool in_use = false;             // by a thread: lives without capabilities
    const void* real = nullptr;
};

struct Capability {
    Id object = 0;
    Id parent = 0;
    Id table = 0;
    std::uint32_t slot = 0;
    std::uint8_t rights = 0;
    std::uint64_t badge = 0;
    bool badged = false;
};

struct Region {
    Id memory = 0;
    std::uint64_t first = 0;  // page of the Memory
    std::uint64_t flags = 0;
    std::uint8_t allowed = 0;
};

struct Model {
    std::map<Id, Object> objects;
    std::map<Id, Capability> capabilities;
    std::set<std::pair<Id, std::uint64_t>> lost;           // table, slot
    std::map<Id, std::map<std::uint64_t, Region>> spaces;  // space -> page number -> what is mapped
    Id last = 0;

    Id add(Object object) {
        objects[++last] = std::move(object);
        return last;
    }
    Id put(Capability capability) {
        capabilities[++last] = capability;
        lost.erase({capability.table, capability.slot});
        return last;
    }
    // The capability in a slot, or 0.
    [[nodiscard]] Id at(Id table, std::uint64_t slot) const;
    [[nodiscard]] bool full(Id table) const;
    // ok, or why this slot (or any, with 0) cannot be had.
    [[nodiscard]] Error can_take(Id table, std::uint64_t slot) const;
    [[nodiscard]] bool descends(Id capability, Id from) const;
    [[nodiscard]] bool within(Id bank, Id outer) const;
    // ok: the page has a value. out_of_range, dead (lost), or busy: the pager must be asked.
    [[nodiscard]] Error lack(Id memory, std::uint64_t page) const;
    // What it shows; there is something.
    [[nodiscard]] std::uint64_t value(Id memory, std::uint64_t page) const;
    // Without a pager or a source its pages are zero where nothing was written.
    [[nodiscard]] bool is_anonymous(Id memory) const;
    Id derive(Id source, Id table, std::uint32_t slot, std::uint8_t rights);
    void move(Id capability, Id table, std::uint32_t slot);
    void remove(Id capability);
    // Not at the wish of the table's user: the slot stays his.
    void lose(Id capability);
    void revoke(Id capability);
    void kill(Id object);
    // Ends whatever nobody names or uses.
    void settle();
};

// What is different in the kernel, or nothing.
std::string difference(const Model& model);

}  // namespace model
